//! `tenant_path`: where a tenant's files lie.

use super::wrong;
use gitops::path::{RepoPath, TenantId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tfplugin_rs::{Function, FunctionError};

/// The directory of a tenant in the platform repository, as `gitops_tenant` has it in `git_path`, for what else is to
/// lie there. Refuses an id and a directory that `gitops_tenant` would refuse.
#[derive(JsonSchema)]
pub struct TenantPath;

/// The parameters.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Arguments {
    /// Id of the tenant.
    pub tenant_id: String,
    /// Directory of all tenants in the repository; `instances` where it is null.
    pub instances_path: Option<String>,
}

impl Function for TenantPath {
    const NAME: &'static str = "tenant_path";
    const SUMMARY: &'static str = "The directory of a tenant in the platform repository";
    const PARAMETERS: &'static [&'static str] = &["tenant_id", "instances_path"];
    type Arguments = Arguments;
    type Output = String;

    fn call(arguments: Arguments) -> Result<String, FunctionError> {
        let id = TenantId::parse(&arguments.tenant_id).map_err(|error| wrong("tenant_id", &error))?;
        let directory = arguments.instances_path.unwrap_or_else(|| "instances".to_owned());
        let directory = RepoPath::parse(&directory).map_err(|error| wrong("instances_path", &error))?;
        let path = directory.join(id.as_str()).map_err(|error| wrong("instances_path", &error))?;
        Ok(path.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(tenant_id: &str, instances_path: Option<&str>) -> Result<String, FunctionError> {
        let instances_path = instances_path.map(str::to_owned);
        TenantPath::call(Arguments { tenant_id: tenant_id.to_owned(), instances_path })
    }

    #[test]
    fn paths() {
        assert_eq!(call("acme", None).unwrap(), "instances/acme");
        assert_eq!(call("acme", Some("teams/eu")).unwrap(), "teams/eu/acme");
    }

    #[test]
    fn what_is_refused() {
        let error = call("../acme", None).unwrap_err();
        assert_eq!(error.parameter, Some("tenant_id"));
        insta::assert_snapshot!(error.text, @"
        `../acme` is not a tenant id: only lower-case ASCII letters, digits and dashes are allowed, not U+002E at character 1. Use lower-case letters, digits and dashes, starting and ending with a letter or digit, such as `team-a`; at most 63 characters.
        ");
        let error = call("acme", Some("/etc")).unwrap_err();
        assert_eq!(error.parameter, Some("instances_path"));
        insta::assert_snapshot!(error.text, @"
        `/etc` is not a path in a repository: it is absolute. Use a path relative to the root of the repository, such as `instances/team-a`.
        ");
    }
}
