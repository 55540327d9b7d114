//! What Argo CD would refuse in an AppProject, or silently never match, said before anything is written.

use super::check::has_password;
use super::project::{Project, ProjectDestination, Role, SyncWindow};
use crate::Explain;
use std::collections::BTreeSet;

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
    /// Something that is there twice.
    #[error("`{}` is there twice", .what.escape_debug())]
    Twice {
        /// What it is.
        what: String,
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
            Self::Credentials => "Everyone who may see the project would see them. Give them to Argo CD with `gitops_repository_credentials`.".into(),
            Self::Destination { .. } => "Give one of the two: `server = \"https://kubernetes.default.svc\"` is the cluster that Argo CD runs in.".into(),
            Self::NoNamespace => "Give a namespace or a pattern such as `team-*`; `*` is every namespace.".into(),
            Self::RoleName { .. } => "It takes letters, digits, `-` and `_`, and starts and ends with a letter or digit.".into(),
            Self::Policy { role, project, .. } => format!(
                "A policy looks like `p, proj:{project}:{role}, applications, sync, {project}/*, allow`: six fields, of which the third is one of {}, the fourth an action such as `get`, `sync` or `action/*`, the fifth begins with the project, and the last is `allow` or `deny`.",
                RESOURCES.map(|name| format!("`{name}`")).join(", ")
            ),
            Self::Twice { .. } => "Argo CD takes a project with the same thing twice for none at all. Leave one out.".into(),
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
        wrong.extend(repos.map(|(at, _)| (format!("source_repos[{at}]"), ProjectError::Credentials)));
        for (at, to) in self.destinations.iter().enumerate() {
            let at = format!("destinations[{at}]");
            if to.server.is_some() == to.name.is_some() {
                wrong.push((at.clone(), ProjectError::Destination { both: to.server.is_some() }));
            }
            if to.namespace.is_empty() {
                wrong.push((at, ProjectError::NoNamespace));
            }
        }
        for (at, role) in self.roles.iter().enumerate() {
            wrong.extend(self.wrong_in_role(role).into_iter().map(|error| (format!("roles[{at}]"), error)));
        }
        self.wrong_twice(&mut wrong);
        for (at, window) in self.sync_windows.iter().enumerate() {
            wrong.extend(window.wrong().into_iter().map(|error| (format!("sync_windows[{at}]"), error)));
        }
        wrong
    }

    fn wrong_twice(&self, wrong: &mut Vec<(String, ProjectError)>) {
        let mut look = |attribute: &str, items: Vec<String>| {
            let mut seen = BTreeSet::new();
            for (at, what) in items.into_iter().enumerate() {
                if !seen.insert(what.clone()) {
                    wrong.push((format!("{attribute}[{at}]"), ProjectError::Twice { what }));
                }
            }
        };
        look("source_repos", self.source_repos.clone());
        look("source_namespaces", self.source_namespaces.clone());
        let place = |to: &ProjectDestination| {
            let cluster = to.server.as_ref().or(to.name.as_ref()).map(String::as_str).unwrap_or_default();
            format!("{cluster}/{}", to.namespace)
        };
        look("destinations", self.destinations.iter().map(place).collect());
        look("roles", self.roles.iter().map(|role| role.name.clone()).collect());
        for (at, role) in self.roles.iter().enumerate() {
            look(&format!("roles[{at}].policies"), role.policies.clone().unwrap_or_default());
            look(&format!("roles[{at}].groups"), role.groups.clone().unwrap_or_default());
        }
    }

    fn wrong_in_role(&self, role: &Role) -> Vec<ProjectError> {
        let mut wrong = vec![];
        if !is_role_name(&role.name) {
            wrong.push(ProjectError::RoleName { name: role.name.clone() });
        }
        let subject = format!("proj:{}:{}", self.name, role.name);
        let policies = role.policies.iter().flatten();
        let policies = policies.filter(|policy| !is_policy(policy, &subject, &self.name));
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

/// What a role of a project may have policies for, as in `validatePolicy` of Argo CD 3.5.
const RESOURCES: [&str; 6] = ["applications", "applicationsets", "repositories", "clusters", "exec", "logs"];
/// What may be done with it; beside these, some actions have a path.
const ACTIONS: [&str; 7] = ["get", "create", "update", "delete", "sync", "override", "*"];

fn is_policy(policy: &str, subject: &str, project: &str) -> bool {
    let fields: Vec<_> = policy.split(',').map(str::trim).collect();
    match fields.as_slice() {
        ["p", who, resource, action, object, effect] => {
            *who == subject
                && RESOURCES.contains(resource)
                && (ACTIONS.contains(action) || has_path(action))
                && is_object(object, project)
                && matches!(*effect, "allow" | "deny")
        }
        _ => false,
    }
}

fn has_path(action: &str) -> bool {
    ["action/", "update/", "delete/"].iter().any(|begin| action.starts_with(begin))
}

/// Whether a policy speaks of the project's own: `project/name`, or `project/namespace/name`.
fn is_object(object: &str, project: &str) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '*' | '_' | '-' | '.');
    let rest = object.strip_prefix(project).and_then(|rest| rest.strip_prefix('/'));
    let parts: Vec<_> = rest.map(|rest| rest.split('/').collect()).unwrap_or_default();
    matches!(parts.len(), 1 | 2) && parts.iter().all(|part| !part.is_empty() && part.chars().all(inner))
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
#[path = "project_check_tests.rs"]
mod tests;
