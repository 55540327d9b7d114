use super::*;
use gitops_acceptance_tests::hostile;

#[test]
fn addresses() {
    let cases = [
        ("https://github.com/acme/platform.git", Ok("https://github.com/acme/platform.git")),
        ("git@github.com:acme/platform.git", Ok("ssh://git@github.com/acme/platform.git")),
        ("host:/srv/git/p", Ok("ssh://host/srv/git/p")),
        ("host:-p", Err("dash")),
        ("ssh://git@host:2222/p", Ok("ssh://git@host:2222/p")),
        ("file:///srv/p.git", Ok("file:///srv/p.git")),
        ("https://user@host/p", Err("credentials")),
        ("https://:hunter2@host/p", Err("credentials")),
        ("ssh://git:hunter2@host/p", Err("credentials")),
        ("https://host/p?token=hunter2", Err("query")),
        ("git@host:p?token=hunter2", Err("query")),
        ("ext::sh -c x", Err("space")),
        ("ext::sh", Err("only https")),
        ("git://host/p", Err("only https")),
        ("/srv/p", Err("relative URL")),
        ("ssh://-oProxyCommand=x/p", Err("dash")),
        ("ssh://host/-p", Err("dash")),
        ("ssh://host/it's", Err("ssh")),
        ("ssh://host/a%27b", Err("ssh")),
        ("https://host/p\nx", Err("control")),
        ("", Err("relative URL")),
    ];
    for (text, expected) in cases {
        match (Address::parse(text), expected) {
            (Ok(address), Ok(url)) => assert_eq!(address.as_str(), url, "{text:?}"),
            (Err(error), Err(part)) => {
                assert!(
                    error.to_string().contains(part) && !error.to_string().contains("hunter2"),
                    "{text:?}: {error}"
                );
            }
            (other, _) => panic!("{text:?}: {other:?}"),
        }
    }
}

#[test]
fn paths_on_the_server() {
    let cases = [
        ("git@host:p/q.git", "p/q.git", "git@host:p/q.git"),
        ("git@host:/p/q.git", "/p/q.git", "ssh://git@host/p/q.git"),
        ("ssh://host:22/a%20b", "/a b", "ssh://host:22/a%20b"),
        ("https://host/p", "/p", "https://host/p"),
    ];
    for (text, path, shown) in cases {
        let address = Address::parse(text).unwrap();
        assert_eq!((address.path().as_str(), address.to_string().as_str()), (path, shown), "{text}");
    }
}

#[test]
fn prefixes_cover_their_server_only() {
    let cases = [
        ("https://host/acme", "https://host/acme/p.git", true),
        ("https://host/acme/", "https://host/acme/p.git", true),
        ("https://host", "https://host:443/p", true),
        ("https://HOST/acme", "https://host/acme", true),
        ("https://host/acme", "https://host/acme2/p", false),
        ("https://host", "http://host/p", false),
        ("https://host", "https://host:8443/p", false),
        ("https://host", "https://host.evil.example/p", false),
        ("https://host/acme", "https://host/acme/../other/p", false),
        ("git@host:acme", "ssh://git@host:22/acme/p", true),
        ("ssh://host/", "git@host:p", true),
        ("git@host:acme", "root@host:acme/p", false),
    ];
    for (prefix, url, expected) in cases {
        let covers = Address::parse(prefix).unwrap().covers(&Address::parse(url).unwrap());
        assert_eq!(covers, expected, "{prefix} {url}");
    }
}

#[test]
fn no_address_is_too_strange() {
    let good = [
        "https://git.example/acme/p.git",
        "git@git.example:acme/p.git",
        "ssh://git@[::1]:2222/%7Ea",
        "file:///srv/p",
    ];
    hostile::texts(hostile::INPUTS, &good, |text| {
        let Ok(address) = Address::parse(text) else { return };
        let shown = address.to_string();
        assert!(!shown.contains(char::is_control) && address.covers(&address), "{shown:?}");
        drop((address.path(), address.user(), address.port(), address.is_tls()));
    });
}
