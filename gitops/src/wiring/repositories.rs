//! Which repositories Argo CD needs credentials for.

use crate::manifest::Object;
use serde_json::Value;

/// What is known of the repositories that Argo CD reads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Repositories {
    /// Addresses, or beginnings of them, that there are credentials for.
    pub credentials: Vec<String>,
    /// Addresses, or beginnings of them, that need none. `None` where nobody said which: then only what is read over
    /// ssh is known to need credentials.
    pub public: Option<Vec<String>>,
}

/// The repositories that Applications among `objects` read and that `known` has no credentials for: the object, and the
/// address.
pub fn uncovered(objects: &[Object], known: &Repositories) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for object in objects.iter().filter(|object| is_application(object)) {
        for url in sources(object) {
            let is_public = !over_ssh(url) && known.public.as_ref().is_none_or(|public| covers(public, url));
            if !is_public && !covers(&known.credentials, url) {
                found.push((object.id().to_string(), url.to_owned()));
            }
        }
    }
    found
}

fn is_application(object: &Object) -> bool {
    object.group() == "argoproj.io" && object.kind() == "Application"
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

    fn missing(credentials: &[&str], public: Option<&[&str]>) -> Vec<String> {
        let own = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let known = Repositories { credentials: own(credentials), public: public.map(own) };
        let objects = parse(APPS, &Limits::default()).unwrap();
        uncovered(&objects, &known).into_iter().map(|(_, url)| url).collect()
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
}
