//! The secrets of a configuration, made up for one run of a test.

use gitops_acceptance_tests::sealing_pair::{RsaKeySize, SealingPair};
use gitops_acceptance_tests::{Canary, Case, Program, Random, Search};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

/// Of this test, and of no other use: others have theirs in the environment of their processes, which are looked through.
pub const RECIPIENT: &str = "age1ptdraa0naf48pnsf7xl4c86nzn2sx4lcxsxtj0s5nr40yxgmtagsgynveu";
const IDENTITY: &str = "AGE-SECRET-KEY-1EV9LRC6SPS7J5U5EF6A2R6MJACNMXAWUYHWT5G50HRUYRFDSGXNQ32PLU0";
/// One that opens nothing.
const STRANGE_IDENTITY: &str = "AGE-SECRET-KEY-1YJFDZA45MJGEEMG722U4EQ2Q6QXJQPUJES6MQWZM5CFYPKX0ZZ5S3FZ88C";

/// All secrets of a configuration, and those that they were before.
#[derive(Default)]
pub struct Secrets {
    now: BTreeMap<String, String>,
    /// What each must not be found as, with the name of the secret.
    canaries: Vec<(String, Canary)>,
}

impl Secrets {
    /// Makes up a secret for each `var.secrets["NAME"]` in `configuration`, and remembers those that were before.
    pub fn make_up(&mut self, case: &Case, random: &mut Random, configuration: &str) {
        let names: BTreeSet<_> = configuration
            .split("var.secrets[\"")
            .skip(1)
            .filter_map(|rest| rest.split_once("\"]").map(|(name, _)| name.to_owned()))
            .collect();
        for name in names {
            let (value, canaries) = made_up(case, random, &name);
            self.canaries.extend(canaries.into_iter().map(|canary| (name.clone(), canary)));
            self.now.insert(name, value);
        }
    }

    /// The one of this name, as it is now.
    pub fn get(&self, name: &str) -> &str {
        &self.now[name]
    }

    /// The one of this name, if the configuration has it.
    pub fn find(&self, name: &str) -> Option<&str> {
        self.now.get(name).map(String::as_str)
    }

    /// Makes it this one.
    pub fn set(&mut self, name: &str, value: String) {
        self.now.insert(name.to_owned(), value);
    }

    /// One that is known only now.
    pub fn learn(&mut self, name: &str, value: &str) {
        self.canaries.push((name.to_owned(), Canary::of(value)));
    }

    /// A private key that is known only now.
    pub fn learn_lines(&mut self, name: &str, key: &str) {
        self.canaries.extend(Canary::of_lines(key).into_iter().map(|line| (name.to_owned(), line)));
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.now.len()
    }

    /// The names, in the order in which [`Secrets::search`] tells of them.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.canaries.iter().map(|(name, _)| name.as_str())
    }

    /// The search for all of them.
    pub fn search(&self) -> Search {
        Search::of(self.canaries.iter().map(|(_, canary)| canary))
    }

    /// As the variable `secrets`.
    pub fn variable(&self) -> Value {
        json!(self.now)
    }
}

/// A secret and what to search for. The last part of its name says what it must be: most are any text.
fn made_up(case: &Case, random: &mut Random, name: &str) -> (String, Vec<Canary>) {
    let any = |canary: Canary| (canary.value().to_owned(), vec![canary]);
    let lines = |text: String| {
        let canaries = Canary::of_lines(&text);
        (text, canaries)
    };
    match name.rsplit(['.', '_']).next().unwrap_or_default() {
        "kubeconfig" => kubeconfig(case),
        "identity" if name.ends_with("strange_identity") => any(Canary::of(STRANGE_IDENTITY)),
        "identity" => any(Canary::of(IDENTITY)),
        // Letters and digits, as headers take them.
        "token" => any(Canary::new(random)),
        "key" if name.ends_with("ssh_key") => lines(ssh_key(case, random)),
        "key" => lines(SealingPair::new(RsaKeySize::_2048).key),
        _ => any(Canary::spiky(random)),
    }
}

/// That of the lab's cluster. The key in it is in Base64, and PEM within.
fn kubeconfig(case: &Case) -> (String, Vec<Canary>) {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let file = case.lab().expect("KUBECONFIG");
    let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{file}: {error}"));
    let parsed: Value = serde_saphyr::from_str(&text).expect("a kubeconfig");
    let user = &parsed["users"][0]["user"];
    let data = user["client-key-data"].as_str().or(user["token"].as_str());
    let data = data.unwrap_or_else(|| panic!("{file} has neither a key nor a token in it"));
    let pem = STANDARD.decode(data).ok().and_then(|pem| String::from_utf8(pem).ok());
    let canaries = pem.map(|pem| Canary::of_lines(&pem)).unwrap_or_default();
    (text.clone(), canaries.into_iter().chain([Canary::of(data)]).collect())
}

/// A private key that no server knows.
fn ssh_key(case: &Case, random: &mut Random) -> String {
    let dir = tempfile::tempdir().expect("a directory");
    let file: PathBuf = dir.path().join(random.word(8));
    let arguments =
        ["-q", "-t", "ed25519", "-N", "", "-C", "canary", "-f", &file.to_string_lossy()].map(str::to_owned);
    Program::new("ssh-keygen").args(arguments).run(&case.dir().join("keygen")).success();
    fs::read_to_string(file).expect("a key")
}
