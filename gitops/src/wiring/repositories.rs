//! Which repositories Argo CD needs credentials for.

use crate::argo::{GROUP, has_password};
use crate::manifest::Object;
use serde_json::Value;
use std::collections::BTreeSet;

/// What is known of the repositories that Argo CD reads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Repositories {
    /// Addresses, or beginnings of them, that there are credentials for.
    pub credentials: Vec<String>,
    /// Addresses, or beginnings of them, that need none. `None` where nobody said which: then only what is read over
    /// ssh is known to need credentials, and all else is [`taken_for_public`].
    pub public: Option<Vec<String>>,
}

/// What is known of the way into a repository.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// It needs no credentials, or has them.
    Open,
    /// Nobody said whether it needs any.
    Unsaid,
    /// It needs some that it does not have.
    Shut,
}

/// The repositories that Applications among `objects` read and that `known` has no credentials for: the object, and the
/// address.
pub fn uncovered(objects: &[Object], known: &Repositories) -> Vec<(String, String)> {
    let shut = read(objects).filter(|(_, url)| known.way(url) == Way::Shut);
    shut.map(|(object, url)| (object.id().to_string(), url.to_owned())).collect()
}

/// The repositories that Applications among `objects` read without anybody having said that they need no credentials.
pub fn taken_for_public(objects: &[Object], known: &Repositories) -> BTreeSet<String> {
    let unsaid = read(objects).filter(|(_, url)| known.way(url) == Way::Unsaid);
    unsaid.map(|(_, url)| url.to_owned()).collect()
}

impl Repositories {
    fn way(&self, url: &str) -> Way {
        if covers(&self.credentials, url) || has_password(url) {
            return Way::Open;
        }
        match &self.public {
            _ if over_ssh(url) => Way::Shut,
            None => Way::Unsaid,
            Some(public) if covers(public, url) => Way::Open,
            Some(_) => Way::Shut,
        }
    }
}

/// The Applications, and the addresses that each reads.
fn read(objects: &[Object]) -> impl Iterator<Item = (&Object, &str)> {
    let applications = objects.iter().filter(|object| is_application(object));
    applications.flat_map(|object| sources(object).into_iter().map(move |url| (object, url)))
}

fn is_application(object: &Object) -> bool {
    object.group() == GROUP && object.kind() == "Application"
}

fn sources(object: &Object) -> Vec<&str> {
    let Some(spec) = object.as_map().get("spec") else { return Vec::new() };
    let many = spec.get("sources").and_then(Value::as_array).into_iter().flatten();
    let all = spec.get("source").into_iter().chain(many);
    all.filter_map(|source| source.get("repoURL")?.as_str()).filter(|url| !url.is_empty()).collect()
}

/// Whether the address is `ssh://…`, or `user@host:path`.
fn over_ssh(url: &str) -> bool {
    let short = !url.contains("://") && url.split_once('@').is_some_and(|(_, rest)| rest.contains(':'));
    short || url.get(..6).is_some_and(|scheme| scheme.eq_ignore_ascii_case("ssh://"))
}

/// Whether one of the beginnings is one of the address, as Argo CD compares them: the case of the letters, `.git` and a
/// slash at the end do not matter, and a beginning ends where a part of the path does.
fn covers(beginnings: &[String], url: &str) -> bool {
    let url = plain(url);
    beginnings.iter().map(|beginning| plain(beginning)).any(|beginning| {
        let rest = url.strip_prefix(beginning.as_str()).filter(|_| !beginning.is_empty());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', ':']))
    })
}

fn plain(url: &str) -> String {
    let url = url.trim().to_ascii_lowercase();
    let url = url.trim_end_matches('/');
    url.strip_suffix(".git").unwrap_or(url).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::{Limits, parse};

    const APPS: &str = r"
{apiVersion: argoproj.io/v1alpha1, kind: Application, metadata: {name: a}, spec: {source: {repoURL: 'https://git.example/Team/app.git'}}}
---
{apiVersion: argoproj.io/v1alpha1, kind: Application, metadata: {name: b}, spec: {sources: [{repoURL: 'git@git.example:team/app.git'}, {repoURL: 'ssh://git@git.example/x'}]}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: c}, spec: {source: {repoURL: 'ssh://git@git.example/x'}}}
";

    fn known(credentials: &[&str], public: Option<&[&str]>) -> Repositories {
        let own = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        Repositories { credentials: own(credentials), public: public.map(own) }
    }

    fn missing(credentials: &[&str], public: Option<&[&str]>) -> Vec<String> {
        let objects = parse(APPS, &Limits::default()).unwrap();
        uncovered(&objects, &known(credentials, public)).into_iter().map(|(_, url)| url).collect()
    }

    #[test]
    fn what_has_no_credentials_is_told() {
        let (https, scp, ssh) =
            ("https://git.example/Team/app.git", "git@git.example:team/app.git", "ssh://git@git.example/x");
        assert_eq!(missing(&[], None), [scp, ssh]);
        assert_eq!(missing(&["git@git.example:team"], None), [ssh]);
        assert_eq!(missing(&["ssh://git@git.example", "git@git.example"], None), [""; 0]);
        assert_eq!(missing(&["ssh://git@git.example", "git@git.example"], Some(&[])), [https]);
        assert_eq!(missing(&[], Some(&["https://git.example/team/"])), [scp, ssh]);
        assert_eq!(
            missing(&[], Some(&["https://git.example/te", ""])),
            [https, scp, ssh],
            "a part of a name"
        );
        assert_eq!(missing(&["HTTPS://GIT.example/team/app"], Some(&[])), [scp, ssh]);
        assert_eq!(
            missing(&[], Some(&["git@git.example", "ssh://git@git.example"])),
            [https, scp, ssh],
            "ssh is never public"
        );
    }

    #[test]
    fn what_nobody_spoke_of_is_taken_for_public() {
        let objects = parse(APPS, &Limits::default()).unwrap();
        let taken = |credentials: &[&str], public: Option<&[&str]>| {
            taken_for_public(&objects, &known(credentials, public)).into_iter().collect::<Vec<_>>()
        };
        assert_eq!(taken(&[], None), ["https://git.example/Team/app.git"], "what is read over ssh is not");
        assert_eq!(taken(&["https://git.example"], None), [""; 0]);
        assert_eq!(taken(&[], Some(&[])), [""; 0], "whoever says which are public says it of all");
    }

    #[test]
    fn an_address_with_credentials_is_not_repeated() {
        let app = "{apiVersion: argoproj.io/v1alpha1, kind: Application, metadata: {name: a}, spec: {source: {repoURL: 'https://ci:hunter2@git.example/a'}}}";
        let objects = parse(app, &Limits::default()).unwrap();
        for public in [None, Some(&[][..])] {
            let known = known(&[], public);
            assert!(uncovered(&objects, &known).is_empty() && taken_for_public(&objects, &known).is_empty());
        }
    }
}
