//! A guest of the lab's Git server, with a key of its own: the lab's lies in the environment of other tests' processes,
//! which are looked through.

use gitops_acceptance_tests::{Case, Outcome, Program, Repository};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// The server's container, and whom it lets in.
const SERVER: &str = "gitops-lab-git";
const AUTHORIZED: &str = "/etc/gitops-lab/authorized_keys";

/// Lets a key in, and no longer. There may be another guest at the same time.
const LET_IN: &str = r#"exec 9<"$2"; flock 9; printf '%s\n' "$1" >>"$2""#;
const SEND_AWAY: &str =
    r#"exec 9<"$2"; flock 9; left=$(grep -vxF -- "$1" "$2"); printf '%s\n' "$left" >"$2""#;

/// A repository that a key opens, for as long as the value is there.
pub struct Guest {
    pub repository: Repository,
    case: Case,
    public: String,
}

impl Guest {
    /// Whether there is a server of the lab's own.
    pub fn may_come(case: &Case) -> bool {
        case.lab().git().is_ok() && case.lab().engine().is_ok()
    }

    /// The guest whose private key is `key`, which lies in `vault` for a moment.
    pub fn let_in(case: &Case, key: &str, vault: &Path) -> Self {
        let file = vault.join("guest");
        fs::write(&file, key).expect("a file for the key");
        fs::set_permissions(&file, Permissions::from_mode(0o600)).expect("a file of its owner's");
        let program = Program::new("ssh-keygen").args(["-y", "-f", &file.to_string_lossy()]);
        let public = program.run(&case.dir().join("keygen")).success().stdout.trim().to_owned();
        fs::remove_file(&file).expect("the key goes");
        let guest = Self {
            repository: case.lab().repository(case, &[("README.md", "Ours.\n")]),
            case: case.clone(),
            public,
        };
        guest.at_the_door(LET_IN).success();
        guest
    }

    /// What the server says it is.
    pub fn hosts(&self) -> String {
        let file = self.case.lab().expect("LAB_GIT_KNOWN_HOSTS");
        fs::read_to_string(file).unwrap_or_else(|error| panic!("{file}: {error}"))
    }

    fn at_the_door(&self, script: &str) -> Outcome {
        let arguments = ["exec", SERVER, "sh", "-c", script, "sh", &self.public, AUTHORIZED];
        self.case.lab().program("docker").args(arguments).run(&self.case.dir().join("docker"))
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.at_the_door(SEND_AWAY);
    }
}
