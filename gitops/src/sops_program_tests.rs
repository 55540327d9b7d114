//! Files for keys of PGP, with the real `sops` and the real `gpg`; and what is said where they are not there.

#[path = "sops_program_tests/clouds.rs"]
mod clouds;

use super::*;
use crate::files::digest;
use crate::git::{Remote, Repositories, Repository, Settings};
use crate::path::RepoPath;
use crate::sops::{Identities, Last};
use gitops_acceptance_tests::Program as Child;
use gitops_acceptance_tests::git_server::{Bare, Options, Server};
use std::path::Path;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

fn task() -> Task {
    Task::new(CancellationToken::new(), Duration::from_secs(120))
}

/// A user of GnuPG with a key of their own, and a repository whose `.sops.yaml` names it.
struct Rig {
    dir: tempfile::TempDir,
    fingerprint: String,
    program: SopsProgram,
    bare: Bare,
    /// The repository, which is served for as long as this lives.
    _server: Server,
    repository: Repository,
}

impl Rig {
    /// `None` where a program is missing, which is said past the test runner.
    #[expect(
        clippy::disallowed_methods,
        reason = "the PATH of this test, and the switch that says that a skip will not do"
    )]
    async fn start() -> Option<Self> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let has = |name: &&str| std::env::split_paths(&path).any(|dir| dir.join(name).is_file());
        if let Some(missing) = ["sops", "gpg"].into_iter().find(|name| !has(name)) {
            let why = format!("there is no {missing} on the PATH; the lab has sops");
            assert!(missing == "gpg" || std::env::var_os("GITOPS_TEST_REAL").is_none(), "{why}");
            gitops_acceptance_tests::skipped(why);
            return None;
        }
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join("gnupg");
        crate::private_file::make_directory(&home.join("x")).unwrap();
        let fingerprint = make_key(&home, dir.path());
        let bare = Bare::seeded(&dir.path().join("p.git")).unwrap();
        let config = format!("creation_rules:\n  - path_regex: ^it\\.\n    pgp: {fingerprint}\n");
        bare.write("secrets/.sops.yaml", &config).unwrap();
        let options = Options { root: dir.path().to_owned(), credentials: None, tls: None };
        let server = Server::start(([127, 0, 0, 1], 0).into(), options).await.unwrap();
        let remote =
            Remote { url: Some(server.url("p.git")), branch: Some("main".to_owned()), ..Remote::default() };
        let repository = Repositories::new(Settings::default()).unwrap().open(&remote).unwrap();
        let program = SopsProgram::default().env("GNUPGHOME", &home);
        Some(Self { dir, fingerprint, program, bare, _server: server, repository })
    }

    /// What is wanted of the file, where an owner of a key of PGP wants it.
    fn wanted(&self, format: Format, text: &str, last: Last) -> Wanted {
        let path = format!("secrets/it.{}", format.name());
        Wanted {
            path: RepoPath::parse(&path).unwrap(),
            format,
            plain: Plain::parse(text, format).unwrap(),
            policy: None,
            owner: "gitops_sops_file it".to_owned(),
            identities: Identities::default(),
            last,
            outside: None,
        }
    }

    async fn make(&self, wanted: &Wanted) -> Result<Option<Made>, Refusal> {
        let tree = self.repository.read(&task()).await.unwrap();
        let made = self.program.make(&task(), wanted, &tree, SystemTime::now()).await;
        // What was made is taken up as it is.
        if let Ok(Some(made)) = &made {
            assert_eq!(wanted.make(&tree, Some(made), SystemTime::now()).unwrap().content, made.content);
        }
        made
    }

    fn put(&self, wanted: &Wanted, made: &Made) {
        self.bare.write(wanted.path.as_str(), &made.content).unwrap();
    }

    async fn text(&self, made: &Made, format: Format) -> String {
        self.program.decrypt(&task(), &made.content, format).await.unwrap().text(format).expose().clone()
    }
}

/// Makes a key without a passphrase, and answers its fingerprint.
fn make_key(home: &Path, dir: &Path) -> String {
    let gpg = |arguments: &[&str], log: &str| {
        let program = Child::new("gpg").args(["--batch", "--homedir"]).args([home]).args(arguments);
        program.run(&dir.join(log)).success().stdout
    };
    let user = ["--passphrase", "", "--quick-gen-key", "t@example", "rsa2048", "encrypt", "never"];
    gpg(&user, "made");
    let keys = gpg(&["--with-colons", "--list-keys"], "keys");
    let line = keys.lines().find_map(|line| line.strip_prefix("fpr:")).unwrap();
    line.trim_matches(':').to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn files_for_pgp_are_written_opened_and_kept() {
    let Some(rig) = Rig::start().await else { return };
    let texts = [
        (
            Format::Yaml,
            "# note\na: hunter2\nb: [1, true]\n",
            "a: other\nb: [1, true]\n",
            "# note\na: other\n",
        ),
        (Format::Json, "{\"a\": \"hunter2\"}", "{\"a\": \"other\"}", "other"),
        (Format::Dotenv, "# note\nA=hunter2\n", "A=other\n", "# note\nA=other\n"),
    ];
    for (format, one, two, expected) in texts {
        let wanted = rig.wanted(format, one, Last::default());
        let made = rig.make(&wanted).await.unwrap().unwrap();
        assert!(
            !made.content.contains("hunter2") && made.content.contains("PGP MESSAGE"),
            "{}",
            made.content
        );
        assert!(made.content.contains("gitops_sops_file it"), "{}", made.content);
        assert_eq!(made.last.recipients, [format!("PGP {}", rig.fingerprint)].into());
        assert_eq!(rig.text(&made, format).await, *wanted.plain.text(format).expose());
        rig.put(&wanted, &made);

        // As it is: nobody needs to open it. The same of somebody who was not told of it: `sops` opens it.
        let no_program = SopsProgram::default().env("PATH", "/none");
        let again = rig.wanted(format, one, made.last.clone());
        let tree = rig.repository.read(&task()).await.unwrap();
        let same = no_program.make(&task(), &again, &tree, SystemTime::now()).await.unwrap().unwrap();
        assert_eq!(same.content, made.content);
        assert_eq!(rig.make(&wanted).await.unwrap().unwrap().content, made.content);

        // Other values, and the comments that were there.
        let changed = rig.wanted(format, two, made.last.clone());
        let changed = rig.make(&changed).await.unwrap().unwrap();
        assert!(rig.text(&changed, format).await.contains(expected), "{}", rig.text(&changed, format).await);
        assert_ne!(changed.last.digest, digest(made.content.as_bytes()));

        // What was changed without SOPS is refused by it, too.
        // (Of a comment it takes anything: one that cannot be opened was never encrypted.)
        let end = made.content.find(",type:str]").unwrap();
        let value = made.content[..end].rfind("ENC[AES256_GCM,data:").unwrap();
        let mut forged = made.content.clone();
        forged.insert_str(value + "ENC[AES256_GCM,data:".len(), "AAAA");
        assert!(rig.program.decrypt(&task(), &forged, format).await.is_err());
    }
}

/// Who has an identity of age for a file needs no `sops` to change a value of it.
#[tokio::test(flavor = "multi_thread")]
async fn an_identity_of_age_is_enough_to_change_a_value() {
    let Some(rig) = Rig::start().await else { return };
    let (recipient, identity) = (
        "age1jwuuczywytccaue5ptaneztlqmezv9pzjsc75mx49k5d6k6ezckqzdvm0a",
        "AGE-SECRET-KEY-1HF66YMWVLKSAMYRPDXZHKXFDMDZKUU70LW6Q54LZCDQKFMYE9XDSXP5G3J",
    );
    let config = format!("creation_rules:\n  - age: {recipient}\n    pgp: {}\n", rig.fingerprint);
    rig.bare.write("secrets/.sops.yaml", &config).unwrap();
    let wanted = rig.wanted(Format::Yaml, "a: one\nb: two\n", Last::default());
    let made = rig.make(&wanted).await.unwrap().unwrap();
    rig.put(&wanted, &made);
    let mut changed = rig.wanted(Format::Yaml, "a: one\nb: three\n", made.last.clone());
    changed.identities = Identities::parse(identity).unwrap();
    let tree = rig.repository.read(&task()).await.unwrap();
    // Later than the file, which says when it was written: to the second.
    let later = SystemTime::now() + Duration::from_secs(60);
    let alone = changed.make(&tree, None, later).unwrap();
    let lines = alone.content.lines().zip(made.content.lines());
    assert_eq!(lines.filter(|(new, old)| new != old).count(), 3, "{}\n{}", made.content, alone.content);
    assert_eq!(rig.text(&alone, Format::Yaml).await, "a: one\nb: three\n");
}

/// What users read where `sops` is not there, or has no key.
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_done_is_told() {
    let Some(rig) = Rig::start().await else { return };
    let wanted = rig.wanted(Format::Yaml, "a: hunter2\n", Last::default());
    let tree = rig.repository.read(&task()).await.unwrap();
    let told = |refusal: Refusal| {
        let (chain, hint) = (crate::error::chain(refusal.error()), refusal.hint().unwrap_or_default());
        assert!(!chain.contains("hunter2"));
        format!(
            "{}\n{hint}",
            chain.replace(&rig.dir.path().display().to_string(), "DIR").replace(&rig.fingerprint, "KEY")
        )
    };
    let alone = wanted.make(&tree, None, SystemTime::now()).err().unwrap();
    let stranger = SopsProgram::default().env("GNUPGHOME", rig.dir.path().join("nobody"));
    let refused = stranger.make(&task(), &wanted, &tree, SystemTime::now()).await.err().unwrap();
    assert!(told(refused).starts_with("`sops` cannot encrypt the file, which has keys that only it can use"));
    insta::assert_snapshot!(told(alone), @"
    it asks for keys of PGP, which only SOPS itself can use
    Apply again. Somebody changed the repository meanwhile.
    ");
}

#[tokio::test]
async fn a_missing_program_is_told_with_how_to_get_it() {
    let source = run::Error::Missing { program: "sops".to_owned() };
    let error = Error::Program { action: "decrypt", source };
    let text = format!("{}\n{}", crate::error::chain(&error), error.hint().unwrap());
    insta::assert_snapshot!(text, @"
    `sops` cannot decrypt the file, which has keys that only it can use
    Caused by: program `sops` is not installed, or not on the PATH
    Install SOPS: https://getsops.io/docs/#download. It must be on the PATH of the process that runs this.
    ");
}
