//! Who opens encrypted files: identities that were given, or those of this machine.

use crate::problem::problem;
use crate::provider::Gitops;
use gitops::Secret;
use gitops::keyring::Found;
use gitops::sops::{Error, Identities};
use tfplugin_rs::value::Path;
use tfplugin_rs::{Context, Problem};

/// The identities that were `given` in the attribute `at`, or else those of this machine. Files of identities that others
/// may read are warned of there, each once in this process.
///
/// # Errors
///
/// What is given is no identity.
pub fn identities(
    cx: &Context<Gitops>,
    given: Option<&Secret<Vec<String>>>,
    at: &str,
) -> Result<Found, Problem> {
    let Some(given) = given else {
        let found = cx.provider().keyring.find();
        let exposed = found.exposed.iter().map(|path| path.display().to_string());
        let exposed = exposed.filter(|path| cx.provider().is_first_mention(path));
        exposed.for_each(|path| cx.warn(readable(&path).at(at)));
        return Ok(found);
    };
    let mut identities = Identities::default();
    for (place, text) in (0..).zip(given.expose()) {
        let parsed = Identities::parse(text);
        identities.extend(parsed.map_err(|error| not_one(&problem(&error)).at(Path::from(at).index(place)))?);
    }
    Ok(Found { identities, ..Found::default() })
}

fn not_one(why: &Problem) -> Problem {
    Problem::error("This is no identity", format!("{}.\n\n{}", why.summary, why.detail))
}

fn readable(path: &str) -> Problem {
    let detail = format!(
        "`{path}` holds private keys, and its permissions let others than its owner read it. It was used all the same. Take the permissions away: `chmod 600 {path}`."
    );
    Problem::warning("Others can read a file of identities", detail)
}

/// What is to be said of the identities of this machine, where none of them opened a file.
pub fn of_keys(error: &Error, found: &Found) -> Option<String> {
    let told = matches!(error, Error::NoIdentity { .. }) && !found.unusable.is_empty();
    let places = || found.unusable.iter().map(|place| format!("- {place}")).collect::<Vec<_>>().join("\n");
    told.then(|| format!("These places have none that can be used:\n{}", places()))
}
