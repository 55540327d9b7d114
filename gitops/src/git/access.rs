//! Which credentials go to which server.

use super::address::Address;
use super::github_app::GithubApp;
use super::{Credentials, Error, Settings};
use crate::Secret;

/// What is known about one server: how to prove who we are, and how it proves who it is.
#[derive(Clone, Default)]
pub(super) struct Access {
    /// User name and password for HTTP Basic.
    pub(super) basic: Option<(String, Secret<String>)>,
    /// Whether the password is a token.
    pub(super) is_token: bool,
    /// Who gets the password, where it lives for an hour only.
    pub(super) app: Option<GithubApp>,
    pub(super) ssh_private_key: Option<Secret<String>>,
    pub(super) known_hosts: Option<String>,
    pub(super) certificate_authority: Option<String>,
}

impl Access {
    /// What the longest prefix that covers `address` has.
    pub(super) fn find(settings: &[(Address, Credentials)], address: &Address) -> Self {
        let matching = settings.iter().filter(|(prefix, _)| prefix.covers(address));
        // A prefix with a user is more exact than one without, at the same path.
        let best = matching.max_by_key(|(prefix, _)| (prefix.prefix_path().len(), prefix.user().is_some()));
        best.map(|(_, credentials)| Self::from(credentials)).unwrap_or_default()
    }

    /// The texts that must never be shown, for a message that a server could have put them in.
    pub(super) fn secrets(&self) -> impl Iterator<Item = &str> {
        self.basic.iter().map(|(_, password)| password.expose().as_str())
    }
}

impl From<&Credentials> for Access {
    fn from(given: &Credentials) -> Self {
        let basic = match (&given.token, &given.password) {
            (Some(token), _) => {
                Some((given.username.clone().unwrap_or_else(|| "x-access-token".to_owned()), token.clone()))
            }
            (None, Some(password)) => Some((given.username.clone().unwrap_or_default(), password.clone())),
            (None, None) => None,
        };
        Self {
            basic,
            is_token: given.token.is_some(),
            app: given.github_app.clone(),
            ssh_private_key: given.ssh_private_key.clone(),
            known_hosts: given.known_hosts.clone(),
            certificate_authority: given.certificate_authority.clone(),
        }
    }
}

/// The prefixes of the settings as addresses.
pub(super) fn prefixes(settings: &Settings) -> Result<Vec<(Address, Credentials)>, Error> {
    let parse = |(prefix, credentials): (&String, &Credentials)| match Address::parse(prefix) {
        Ok(address) => Ok((address, credentials.clone())),
        Err(Error::Address { url, why }) => Err(Error::Prefix { prefix: url, why }),
        Err(other) => Err(other),
    };
    settings.credentials.iter().map(parse).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user_for(prefixes: &[&str], url: &str) -> Option<String> {
        let settings: Vec<_> = prefixes
            .iter()
            .map(|prefix| {
                let username = Some((*prefix).to_owned());
                let token = Some(Secret::new("t".to_owned()));
                (Address::parse(prefix).unwrap(), Credentials { username, token, ..Credentials::default() })
            })
            .collect();
        Access::find(&settings, &Address::parse(url).unwrap()).basic.map(|(user, _)| user)
    }

    #[test]
    fn the_longest_prefix_wins() {
        let prefixes =
            ["https://host", "https://host/acme", "https://host/acme/platform", "http://host/acme"];
        let cases = [
            ("https://host/other", Some("https://host")),
            ("https://host/acme/x", Some("https://host/acme")),
            ("https://host/acme/platform", Some("https://host/acme/platform")),
            ("https://host/acme/platform2", Some("https://host/acme")),
            ("http://host/acme/x", Some("http://host/acme")),
            ("http://host/other", None),
            ("https://host:444/acme", None),
        ];
        for (url, expected) in cases {
            assert_eq!(user_for(&prefixes, url).as_deref(), expected, "{url}");
        }
    }

    #[test]
    fn a_token_has_a_user_name() {
        let given = Credentials { token: Some(Secret::new("t".to_owned())), ..Credentials::default() };
        assert_eq!(Access::from(&given).basic.unwrap().0, "x-access-token");
    }
}
