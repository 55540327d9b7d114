//! What Argo CD would refuse in an AppProject, or silently never match, said before anything is written.

use super::check::has_password;
use super::project::{Project, Role, SyncWindow};
use crate::Explain;

/// Why an AppProject makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProjectError {
    /// An address holds a password. It is not repeated here.
    #[error("the address of a repository has credentials in it")]
    Credentials,
    /// A destination without a cluster, or with two.
    #[error("a destination names its cluster by `server` or by `name`, and this one by {}", if *both { "both" } else { "neither" })]
    Destination {
        /// Whether it has both.
        both: bool,
    },
    /// A destination without a namespace.
    #[error("a destination has no namespace")]
    NoNamespace,
    /// A name that Argo CD does not take for a role.
    #[error("`{}` cannot be the name of a role", .name.escape_debug())]
    RoleName {
        /// The name.
        name: String,
    },
    /// A policy that is not one of its role.
    #[error("`{}` is not a policy of the role `{role}`", .policy.escape_debug())]
    Policy {
        /// The policy.
        policy: String,
        /// The role.
        role: String,
        /// The project.
        project: String,
    },
    /// A schedule that is not one of cron.
    #[error("`{}` is not a schedule", .schedule.escape_debug())]
    Schedule {
        /// The schedule.
        schedule: String,
    },
    /// A duration that Go does not know.
    #[error("`{}` is not a duration", .duration.escape_debug())]
    Duration {
        /// The duration.
        duration: String,
    },
    /// A window for nothing.
    #[error("a sync window is for no application, namespace or cluster")]
    Window,
}

impl Explain for ProjectError {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Credentials => "Everyone who may see the project would see them. Give them to Argo CD as a repository Secret: `gitops_secret_injection` with the label `argocd.argoproj.io/secret-type = \"repository\"`.".into(),
            Self::Destination { .. } => "Give one of the two: `server = \"https://kubernetes.default.svc\"` is the cluster that Argo CD runs in.".into(),
            Self::NoNamespace => "Give a namespace or a pattern such as `team-*`; `*` is every namespace.".into(),
            Self::RoleName { .. } => "It takes letters, digits, `-` and `_`, and starts and ends with a letter or digit.".into(),
            Self::Policy { role, project, .. } => format!(
                "A policy looks like `p, proj:{project}:{role}, applications, sync, {project}/*, allow`: six fields, of which the last is `allow` or `deny`."
            ),
            Self::Schedule { .. } => "It has five fields: minute, hour, day of the month, month and day of the week, as in `0 22 * * 1-5`.".into(),
            Self::Duration { .. } => "It looks like `30m`, `8h` or `1h30m`.".into(),
            Self::Window => "Name some in `applications`, `namespaces` or `clusters`; `*` is all.".into(),
        })
    }
}

impl Project {
    /// Everything that is wrong with it, and the attribute it is wrong in.
    pub fn validate(&self) -> Vec<(String, ProjectError)> {
        let mut wrong = vec![];
        let repos = self.source_repos.iter().enumerate().filter(|(_, url)| has_password(url));
        wrong.extend(repos.map(|(at, _)| (format!("source_repos.{at}"), ProjectError::Credentials)));
        for (at, to) in self.destinations.iter().enumerate() {
            let at = format!("destinations.{at}");
            if to.server.is_some() == to.name.is_some() {
                wrong.push((at.clone(), ProjectError::Destination { both: to.server.is_some() }));
            }
            if to.namespace.is_empty() {
                wrong.push((at, ProjectError::NoNamespace));
            }
        }
        for (at, role) in self.roles.iter().enumerate() {
            wrong.extend(self.wrong_in_role(role).into_iter().map(|error| (format!("roles.{at}"), error)));
        }
        for (at, window) in self.sync_windows.iter().enumerate() {
            wrong.extend(window.wrong().into_iter().map(|error| (format!("sync_windows.{at}"), error)));
        }
        wrong
    }

    fn wrong_in_role(&self, role: &Role) -> Vec<ProjectError> {
        let mut wrong = vec![];
        if !is_role_name(&role.name) {
            wrong.push(ProjectError::RoleName { name: role.name.clone() });
        }
        let subject = format!("proj:{}:{}", self.name, role.name);
        let policies = role.policies.iter().flatten().filter(|policy| !is_policy(policy, &subject));
        wrong.extend(policies.map(|policy| ProjectError::Policy {
            policy: policy.clone(),
            role: role.name.clone(),
            project: self.name.clone(),
        }));
        wrong
    }
}

fn is_role_name(name: &str) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let edge = |c: char| c.is_ascii_alphanumeric();
    name.starts_with(edge) && name.ends_with(edge) && name.chars().all(inner)
}

fn is_policy(policy: &str, subject: &str) -> bool {
    let fields: Vec<_> = policy.split(',').map(str::trim).collect();
    match fields.as_slice() {
        ["p", who, resource, action, object, effect] => {
            *who == subject
                && [resource, action, object].iter().all(|field| !field.is_empty())
                && matches!(*effect, "allow" | "deny")
        }
        _ => false,
    }
}

impl SyncWindow {
    fn wrong(&self) -> Vec<ProjectError> {
        let mut wrong = vec![];
        if !is_schedule(&self.schedule) {
            wrong.push(ProjectError::Schedule { schedule: self.schedule.clone() });
        }
        if !is_duration(&self.duration) {
            wrong.push(ProjectError::Duration { duration: self.duration.clone() });
        }
        if [&self.applications, &self.namespaces, &self.clusters].into_iter().flatten().all(Vec::is_empty) {
            wrong.push(ProjectError::Window);
        }
        wrong
    }
}

/// Whether a text has the shape of a cron schedule: five fields of what such fields are made of.
fn is_schedule(text: &str) -> bool {
    let of_a_field = |c: char| c.is_ascii_alphanumeric() || matches!(c, '*' | '/' | ',' | '-' | '?');
    let fields: Vec<_> = text.split_whitespace().collect();
    fields.len() == 5 && fields.iter().all(|field| field.chars().all(of_a_field))
}

/// Whether a text is a duration of Go's that is longer than nothing: numbers, each with a unit.
fn is_duration(text: &str) -> bool {
    let mut rest = text;
    let mut some = false;
    while !rest.is_empty() {
        let unit = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        let number = &rest[..rest.len() - unit.len()];
        let Ok(number) = number.parse::<f64>() else { return false };
        some |= number > 0.0;
        let units = ["ns", "us", "ms", "s", "m", "h"];
        let Some(left) = units.iter().find_map(|name| unit.strip_prefix(name)) else { return false };
        rest = left;
    }
    some
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::argo::project::ProjectDestination;

    #[test]
    fn durations() {
        let cases = [
            ("8h", true),
            ("1h30m", true),
            ("1.5h", true),
            ("500ms", true),
            ("", false),
            ("0s", false),
            ("8", false),
            ("h", false),
            ("8 h", false),
            ("-8h", false),
            ("1d", false),
        ];
        for (text, expected) in cases {
            assert_eq!(is_duration(text), expected, "{text:?}");
        }
    }

    #[test]
    fn schedules() {
        let cases = [
            ("0 22 * * *", true),
            ("*/5 0-6 1,15 JAN MON-FRI", true),
            ("0 22 * *", false),
            ("@daily", false),
        ];
        for (text, expected) in cases {
            assert_eq!(is_schedule(text), expected, "{text:?}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let destination = |server: Option<&str>, name: Option<&str>, namespace: &str| ProjectDestination {
            server: server.map(str::to_owned),
            name: name.map(str::to_owned),
            namespace: namespace.to_owned(),
        };
        let role = |name: &str, policy: &str| Role {
            name: name.into(),
            policies: Some(vec![policy.into()]),
            ..Role::default()
        };
        let window =
            SyncWindow { schedule: "daily".into(), duration: "a day".into(), ..SyncWindow::default() };
        let project = Project {
            name: "shop".into(),
            source_repos: vec!["*".into(), "https://ada:secret@git.example/shop.git".into()],
            destinations: vec![
                destination(Some("*"), None, "*"),
                destination(None, None, "*"),
                destination(Some("*"), Some("*"), ""),
            ],
            roles: vec![
                role("dev", "p, proj:shop:dev, applications, *, shop/*, allow"),
                role("de v", "p, proj:shop:de v, applications, sync, shop/*, allow"),
                role("ops", "p, proj:other:ops, applications, sync, other/*, allow"),
                role("qa", "g, acme:qa, proj:shop:qa"),
            ],
            sync_windows: vec![window],
            ..Project::default()
        };
        let said: Vec<_> = project
            .validate()
            .iter()
            .map(|(at, error)| format!("{at}: {error}. {}", error.hint().unwrap_or_default()))
            .collect();
        assert!(!said.join("").contains("secret@"), "{said:?}");
        insta::assert_snapshot!(said.join("\n"), @r#"
        source_repos.1: the address of a repository has credentials in it. Everyone who may see the project would see them. Give them to Argo CD as a repository Secret: `gitops_secret_injection` with the label `argocd.argoproj.io/secret-type = "repository"`.
        destinations.1: a destination names its cluster by `server` or by `name`, and this one by neither. Give one of the two: `server = "https://kubernetes.default.svc"` is the cluster that Argo CD runs in.
        destinations.2: a destination names its cluster by `server` or by `name`, and this one by both. Give one of the two: `server = "https://kubernetes.default.svc"` is the cluster that Argo CD runs in.
        destinations.2: a destination has no namespace. Give a namespace or a pattern such as `team-*`; `*` is every namespace.
        roles.1: `de v` cannot be the name of a role. It takes letters, digits, `-` and `_`, and starts and ends with a letter or digit.
        roles.2: `p, proj:other:ops, applications, sync, other/*, allow` is not a policy of the role `ops`. A policy looks like `p, proj:shop:ops, applications, sync, shop/*, allow`: six fields, of which the last is `allow` or `deny`.
        roles.3: `g, acme:qa, proj:shop:qa` is not a policy of the role `qa`. A policy looks like `p, proj:shop:qa, applications, sync, shop/*, allow`: six fields, of which the last is `allow` or `deny`.
        sync_windows.0: `daily` is not a schedule. It has five fields: minute, hour, day of the month, month and day of the week, as in `0 22 * * 1-5`.
        sync_windows.0: `a day` is not a duration. It looks like `30m`, `8h` or `1h30m`.
        sync_windows.0: a sync window is for no application, namespace or cluster. Name some in `applications`, `namespaces` or `clusters`; `*` is all.
        "#);
    }
}
