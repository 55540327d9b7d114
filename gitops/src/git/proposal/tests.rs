use super::*;
use crate::Secret;

fn of(url: &str, wanted: PullRequests) -> Proposals {
    let token =
        |token: &str| Credentials { token: Some(Secret::new(token.to_owned())), ..Credentials::default() };
    let prefixes =
        [("https://github.com/acme", "ours"), ("https://github.com", "other"), ("https://evil", "evil")];
    let credentials = prefixes.map(|(prefix, said)| (Address::parse(prefix).unwrap(), token(said)));
    let settings =
        Settings { write_mode: WriteMode::PullRequest, pull_request: Some(wanted), ..Settings::default() };
    Proposals::of(&settings, &credentials, &Address::parse(url).unwrap(), "main").unwrap().unwrap()
}

#[test]
fn the_api_of_a_repository_over_ssh_gets_the_token_for_its_host() {
    let cases = [
        ("git@github.com:acme/p.git", Some("ours")),
        ("ssh://git@github.com:22/acme/p.git", Some("ours")),
        ("git@github.com:other/p.git", Some("other")),
        ("git@gitlab.acme:acme/p.git", None),
    ];
    for (url, expected) in cases {
        let own = of(url, PullRequests::default()).own.unwrap().0;
        let said = own.basic.as_ref().map(|(_, token)| token.expose().as_str());
        assert_eq!((said, own.is_token), (expected, expected.is_some()), "{url}");
    }
    let over_https = of("https://github.com/acme/p.git", PullRequests::default());
    assert!(over_https.own.is_none(), "it is the token for Git");
}

#[test]
fn what_a_request_says() {
    let plain = of("https://github.com/acme/p", PullRequests::default());
    assert_eq!(plain.head(), "gitops/main");
    let said = plain.wording("add team-a\n(and 9 more)");
    assert_eq!(said.title, "add team-a (and 9 more)");
    assert_eq!(plain.wording("").title, "Changes of main");
    assert!(said.body.starts_with("Changes of `main` by"), "{}", said.body);
    let wanted = PullRequests {
        title: Some("[{branch}] {message}".into()),
        body: Some("a\nb {message}".into()),
        ..PullRequests::default()
    };
    let said = of("https://github.com/acme/p", wanted).wording("x");
    assert_eq!((said.title.as_str(), said.body.as_str()), ("[main] x", "a\nb x"));
}
