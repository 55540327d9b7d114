//! Registry mirrors, as containerd reads them: `/etc/containerd/certs.d/<host>/hosts.toml`.
//!
//! The files are copied into each node when it runs: containerd reads them at every pull, so nothing is restarted,
//! and no path of this machine is mounted, which a remote engine would not have. That containerd looks there at
//! all is the default of containerd 2; the patch below tells containerd 1. kind passes over a patch whose `version`
//! is not that of the node's file, so it does no harm to newer images.

/// The configuration of containerd 1 (file version 2) that makes it read the files.
pub(super) const CONTAINERD_PATCH: &str = "version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".registry]\n  config_path = \"/etc/containerd/certs.d\"\n";

/// Where the file of a registry lies in a node.
pub(super) fn path(host: &str) -> String {
    format!("/etc/containerd/certs.d/{host}/hosts.toml")
}

/// The file: the mirrors in their order; after them containerd asks the registry itself.
pub(super) fn hosts_toml(endpoints: &[String]) -> String {
    let mirror =
        |endpoint: &String| format!("[host.\"{endpoint}\"]\n  capabilities = [\"pull\", \"resolve\"]\n");
    endpoints.iter().map(mirror).collect::<Vec<_>>().join("\n")
}

/// What is wrong with a mirror, if anything. Both texts become parts of a path or of a file.
pub(super) fn problem(host: &str, endpoints: &[String]) -> Option<&'static str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-_:".contains(c);
    if host.is_empty() || host.starts_with('.') || host.contains("..") || !host.chars().all(plain) {
        return Some("is not the name of a registry, such as `docker.io` or `localhost:5001`");
    }
    if endpoints.is_empty() {
        return Some("has no endpoint");
    }
    let usable = |endpoint: &String| {
        let address = endpoint.strip_prefix("http://").or_else(|| endpoint.strip_prefix("https://"));
        address.is_some_and(|address| {
            !address.is_empty() && address.chars().all(|c| plain(c) || "/[]%~".contains(c))
        })
    };
    (!endpoints.iter().all(usable))
        .then_some("has an endpoint that is not an http:// or https:// URL without credentials")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_names_the_mirrors_in_order() {
        insta::assert_snapshot!(hosts_toml(&["http://mirror:5000".into(), "https://second/v2/proxy".into()]), @r#"
        [host."http://mirror:5000"]
          capabilities = ["pull", "resolve"]

        [host."https://second/v2/proxy"]
          capabilities = ["pull", "resolve"]
        "#);
    }

    #[test]
    fn names_that_would_leave_their_place_are_refused() {
        let cases = [
            ("docker.io", "http://mirror:5000", true),
            ("localhost:5001", "http://[::1]:5000", true),
            ("_default", "https://mirror", true), // containerd's name for all others.
            ("../../etc", "http://mirror", false),
            ("", "http://mirror", false),
            ("docker.io", "mirror:5000", false),
            ("docker.io", "http://a\"]\nx", false),
            ("docker.io", "https://me:pw@mirror", false),
        ];
        for (host, endpoint, accepted) in cases {
            assert_eq!(problem(host, &[endpoint.into()]).is_none(), accepted, "{host:?} {endpoint:?}");
        }
        assert!(problem("docker.io", &[]).is_some());
    }
}
