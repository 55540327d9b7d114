//! The same tenants in three configurations: one resource each, one resource for all, and no provider at all.

/// How the tenants are written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// `gitops_tenant` under `count`.
    Each,
    /// One `gitops_tenant_fleet`.
    Fleet,
    /// As many resources that the CLI keeps in its state by itself.
    Nobodys,
}

impl Shape {
    /// A configuration with `count` tenants in the repository at `url`. The variable `changed` is the number of one that
    /// is to be otherwise.
    pub fn configuration(self, count: usize, url: &str) -> String {
        let tenants = match self {
            Self::Each => each(count),
            Self::Fleet => fleet(count),
            Self::Nobodys => return format!("{CHANGED}\n{}", nobodys(count)),
        };
        format!("{}\n{CHANGED}\n{tenants}", provider(url))
    }
}

const CHANGED: &str = r#"variable "changed" {
  type    = number
  default = -1
}
"#;

fn provider(url: &str) -> String {
    format!(
        r#"terraform {{
  required_providers {{
    gitops = {{ source = "registry.terraform.io/gitops-rs/gitops" }}
  }}
}}

provider "gitops" {{
  git = {{ url = {url:?} }}
}}
"#
    )
}

fn each(count: usize) -> String {
    format!(
        r#"resource "gitops_tenant" "bench" {{
  count     = {count}
  tenant_id = "bench-${{count.index}}"
  chart     = {{ path = "charts/tenant" }}
  values    = {{ greeting = count.index == var.changed ? "moin" : "hello ${{count.index}}", replicas = 1 }}
  wait      = false
}}
"#
    )
}

/// `range` makes 1,024 numbers at most.
fn fleet(count: usize) -> String {
    let hundreds = count.div_ceil(100);
    format!(
        r#"locals {{
  numbers = flatten([for hundreds in range({hundreds}) : [for rest in range(100) : 100 * hundreds + rest]])
}}

resource "gitops_tenant_fleet" "bench" {{
  name = "bench"
  wait = false
  tenants = {{
    for number in local.numbers : "bench-${{number}}" => {{
      chart  = {{ path = "charts/tenant" }}
      values = {{ greeting = number == var.changed ? "moin" : "hello ${{number}}", replicas = 1 }}
    }} if number < {count}
  }}
}}
"#
    )
}

fn nobodys(count: usize) -> String {
    format!(
        r#"resource "terraform_data" "bench" {{
  count = {count}
  input = {{ tenant_id = "bench-${{count.index}}", values = {{ greeting = count.index == var.changed ? "moin" : "hello ${{count.index}}", replicas = 1 }} }}
}}
"#
    )
}
