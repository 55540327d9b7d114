//! `gitops_sops_file`, the resource and the ephemeral one: encrypted files in Git, opened by the real `sops` where the
//! lab has it, and by us.

use crate::files::blocks;
use gitops_acceptance_tests::{Canary, Case, Lab, Repository, Workspace};
use insta::assert_snapshot;
use serde_json::Value;

const ADDRESS: &str = "gitops_sops_file.it";

/// Keys of this test, and of no other use.
const RECIPIENT: &str = "age1jwuuczywytccaue5ptaneztlqmezv9pzjsc75mx49k5d6k6ezckqzdvm0a";
const IDENTITY: &str = "AGE-SECRET-KEY-1HF66YMWVLKSAMYRPDXZHKXFDMDZKUU70LW6Q54LZCDQKFMYE9XDSXP5G3J";
const OTHER_RECIPIENT: &str = "age1fk2uewl3e2aadrnqlg8tvg698d7t507mzhzvxrdrz5jyxfchvyeqwfhxwt";
const OTHER_IDENTITY: &str = "AGE-SECRET-KEY-1FMH3L0DCEAAVNU3D4MT95TEKZXEPDU3EGC5MRP6A7FQ532QLNVNSMJQSEV";

/// A file with two values, one of which is a secret.
pub const FILE: &str = r#"
variable "secret" {
  type      = string
  ephemeral = true
}

variable "user" {
  type    = string
  default = "shop"
}

variable "age" {
  type    = set(string)
  default = null
}

variable "format" {
  type    = string
  default = "yaml"
}

resource "gitops_sops_file" "it" {
  path    = "secrets/it.${var.format == "dotenv" ? "env" : var.format}"
  age     = var.age
  data_wo = { USER = var.user, PASSWORD = var.secret }
}
"#;

/// What the file says, in a Secret.
const INJECTED: &str = r#"
variable "file" {
  type = string
}

variable "namespace" {
  type = string
}

ephemeral "gitops_sops_file" "it" {
  path = var.file
}

resource "gitops_secret_injection" "it" {
  namespace = var.namespace
  name      = "credentials"
  data_wo   = ephemeral.gitops_sops_file.it.data
}
"#;

/// A workspace with these blocks and the repository, and the identity in the environment.
fn with_identity(case: &Case, repository: &Repository, resources: &str) -> Workspace {
    let mut run = blocks(case, repository, resources);
    run.env("SOPS_AGE_KEY", IDENTITY).env("HOME", case.dir().to_string_lossy());
    run
}

/// The values as the real `sops` reads them with these identities of age; nothing where the lab has none.
pub(crate) fn opened_by_sops(case: &Case, path: &str, text: &str, identities: &str) -> Option<Value> {
    opened_with(case, path, text, ("SOPS_AGE_KEY", identities))
}

/// The same with this variable in its environment, which says where its keys are.
pub(crate) fn opened_with(case: &Case, path: &str, text: &str, keys: (&str, &str)) -> Option<Value> {
    let sops = Lab::bin().join("sops").is_file().then(|| case.lab().program("sops"))?;
    let dir = case.dir().join("sops");
    std::fs::create_dir_all(&dir).expect("a directory");
    let file = dir.join(path.rsplit('/').next().unwrap_or(path));
    std::fs::write(&file, text).expect("the file");
    let arguments = ["decrypt", "--output-type", "json", &file.to_string_lossy()].map(str::to_owned);
    let outcome = sops.args(arguments).envs([keys]).run(&dir.join("log")).success();
    let values = outcome.json();
    // It is in the clear here, and is not ours to search for secrets.
    std::fs::remove_dir_all(&dir).expect("an empty place");
    Some(values)
}

/// Whom a `.sops.yaml` names opens the file; when it changes, so does the file. Groups open together.
pub fn follow_the_sops_yaml(case: &Case) {
    let config = |rule: &str| format!("creation_rules:\n  - path_regex: ^it\\.yaml$\n    {rule}\n");
    let one = config(&format!("age: {RECIPIENT}\n    encrypted_suffix: WORD"));
    let repository =
        case.lab().repository(case, &[("secrets/.sops.yaml", &one), (".sops.yaml", "creation_rules: []\n")]);
    let mut run = with_identity(case, &repository, FILE);
    run.var("secret", "hunter2hunter2");
    // What is given as secrets is never left readable, whatever the repository says.
    run.apply().failure().says("`USER` would not be encrypted").says("`encrypted_suffix` leaves it as it is");
    assert_eq!(repository.read("secrets/it.yaml"), None);
    repository
        .write("secrets/.sops.yaml", &config(&format!("age: {RECIPIENT}\n    encrypted_regex: ^[A-Z]")));
    run.apply().success();
    run.assert_settled();
    let text = || repository.read("secrets/it.yaml").expect("the file");
    assert!(
        text().contains("encrypted_regex: \"^[A-Z]\"\n") && text().contains("PASSWORD: ENC["),
        "{}",
        text()
    );

    let groups = format!(
        "shamir_threshold: 2\n    key_groups: [{{age: [{RECIPIENT}]}}, {{age: [{OTHER_RECIPIENT}]}}]"
    );
    repository.write("secrets/.sops.yaml", &config(&groups));
    run.plan().success().assert_changes(&[&format!("{ADDRESS}: update")]);
    run.apply().success();
    run.assert_settled();
    assert!(text().contains("USER: ENC[") && text().contains("shamir_threshold: 2"), "{}", text());
    let recipients = run.state().resource(ADDRESS)["recipients"].clone();
    assert_eq!(recipients, serde_json::json!([OTHER_RECIPIENT, RECIPIENT]));
    let both = format!("{IDENTITY} {OTHER_IDENTITY}");
    if let Some(values) = opened_by_sops(case, "it.yaml", &text(), &both) {
        assert_eq!(values["PASSWORD"], "hunter2hunter2");
    }
    run.destroy().success();
}

/// What is in Git in encrypted form gets into the cluster, and nowhere else.
pub fn are_opened_and_injected(case: &Case) {
    let (kubectl, namespace) = (case.lab().kubectl(), case.lab().namespace(case));
    let repository = case.lab().repository(case, &[("README.md", "Ours.\n")]);
    let canary = Canary::new(&mut case.random());
    let mut run = with_identity(case, &repository, FILE);
    run.var("age", format!("[{RECIPIENT:?}]")).var("secret", canary.value());
    run.apply().success();
    let file = case.dir().join("it.enc.yaml");
    std::fs::write(&file, repository.read("secrets/it.yaml").expect("the file")).expect("a copy");

    let mut inject = case.blocks(INJECTED);
    inject.env("SOPS_AGE_KEY", IDENTITY).env("HOME", case.dir().to_string_lossy());
    inject.var("file", file.to_string_lossy()).var("namespace", namespace.name());
    inject.apply().success();
    inject.assert_settled();
    let live = kubectl.find(namespace.name(), "secret", "credentials").expect("the Secret");
    crate::secrets::assert_values(&live, &[("PASSWORD", canary.value()), ("USER", "shop")]);

    let text = std::fs::read_to_string(&file).expect("the file");
    let moved = text.replace("\nUSER: ", "\nOTHER: ");
    std::fs::write(&file, moved).expect("the file");
    let errors =
        inject.command(&["plan", "-json"]).failure().errors(&[(&case.dir().to_string_lossy(), "DIR")]);
    assert_snapshot!("a_file_that_was_tampered_with", errors);
    std::fs::write(&file, text).expect("the file");
    inject.env("SOPS_AGE_KEY", OTHER_IDENTITY);
    let errors =
        inject.command(&["plan", "-json"]).failure().errors(&[(&case.dir().to_string_lossy(), "DIR")]);
    assert_snapshot!("a_file_that_no_identity_opens", errors);
    inject.env("SOPS_AGE_KEY", IDENTITY);
    inject.destroy().success();
    run.destroy().success();
    canary.assert_absent(&case.dir());
}

/// Recipients, rules, values and files that cannot be: what is read, and that nothing is written.
pub fn that_cannot_be_written_are_named(case: &Case) {
    let theirs =
        [("secrets/theirs.yaml", "a: theirs\n"), ("bad/.sops.yaml", "creation_rules:\n  - pgp: ABCD\n")];
    let repository = case.lab().repository(case, &theirs);
    let url = repository.url();
    let places = [(url.as_str(), "REPOSITORY")];
    let file = |name: &str, attributes: &str| {
        format!("resource \"gitops_sops_file\" \"{name}\" {{\n{attributes}\n}}\n")
    };
    let age = format!("age = [{RECIPIENT:?}]");
    let configurations = [
        file("path", &format!("path = \"../up.yaml\"\n{age}\ndata_wo = {{ A = \"x\" }}")),
        file("format", &format!("path = \"a.txt\"\n{age}\ndata_wo = {{ A = \"x\" }}")),
        file("recipient", "path = \"a.yaml\"\nage = [\"age1nobody\"]\ndata_wo = { A = \"x\" }"),
        file("nobody", "path = \"a.yaml\"\nage = []\ndata_wo = { A = \"x\" }"),
        file(
            "rules",
            &format!(
                "path = \"a.yaml\"\n{age}\nencrypted_regex = \"a\"\nencrypted_suffix = \"b\"\ndata_wo = {{ A = \"x\" }}"
            ),
        ),
        file(
            "pattern",
            &format!("path = \"a.yaml\"\n{age}\nencrypted_regex = \"(\"\ndata_wo = {{ A = \"x\" }}"),
        ),
        file("alone", "path = \"a.yaml\"\nencrypted_regex = \"a\"\ndata_wo = { A = \"x\" }"),
        file("nothing", &format!("path = \"a.yaml\"\n{age}")),
        file("twice", &format!("path = \"a.yaml\"\n{age}\ncontent_wo = \"a: 1\"\ndata_wo = {{ A = \"x\" }}")),
        file("keys", &format!("path = \"a.yaml\"\n{age}\ncontent_wo = \"a: 1\\na: 2\"")),
        file("list", &format!("path = \"a.yaml\"\n{age}\ncontent_wo = yamlencode([1, 2])")),
        file("reserved", &format!("path = \"a.yaml\"\n{age}\ncontent_wo = yamlencode({{ sops = 1 }})")),
    ];
    let mut run = with_identity(case, &repository, &configurations.concat());
    assert_snapshot!("files_that_cannot_be", run.command(&["plan", "-json"]).failure().errors(&places));

    let later = [
        file("theirs", &format!("path = \"secrets/theirs.yaml\"\n{age}\ndata_wo = {{ A = \"x\" }}")),
        file("ruleless", "path = \"none/a.yaml\"\ndata_wo = { A = \"x\" }"),
        file("kinds", "path = \"bad/a.yaml\"\ndata_wo = { A = \"x\" }"),
        file("nested", &format!("path = \"a.env\"\n{age}\ndata_wo = {{ \"A=B\" = \"x\" }}")),
    ];
    let mut run = with_identity(case, &repository, &later.concat());
    let errors = run.command(&["apply", "-json", "-auto-approve"]).failure().errors(&places);
    assert_snapshot!("files_that_the_repository_does_not_take", errors);
    assert!(run.state().addresses().is_empty());
    assert_eq!(repository.log().len(), 1);
}

/// From nothing to nothing, in each format: created, opened by `sops`, settled, changed in one value, imported, destroyed.
pub fn live_in_git(case: &Case) {
    for (format, path) in
        [("yaml", "secrets/it.yaml"), ("json", "secrets/it.json"), ("dotenv", "secrets/it.env")]
    {
        let repository = case.lab().repository(case, &[("README.md", "Ours.\n")]);
        let mut run = with_identity(case, &repository, FILE);
        let mut random = case.random();
        let (one, two) = (Canary::new(&mut random), Canary::new(&mut random));
        run.var("format", format).var("age", format!("[{RECIPIENT:?}]"));
        run.var("secret", one.value());
        run.plan().success().assert_changes(&[&format!("{ADDRESS}: create")]);
        run.apply().success();
        run.assert_settled();
        let created = repository.read(path).expect("the file");
        assert!(!created.contains(one.value()) && created.contains("USER"), "{created}");
        if let Some(values) = opened_by_sops(case, path, &created, IDENTITY) {
            assert_eq!((&values["PASSWORD"], &values["USER"]), (&one.value().into(), &"shop".into()));
        }

        run.var("secret", two.value());
        run.plan().success().assert_changes(&[&format!("{ADDRESS}: update")]);
        run.apply().success();
        run.assert_settled();
        let changed = repository.read(path).expect("the file");
        let lines = changed.lines().zip(created.lines()).filter(|(new, _)| !new.contains("lastmodified"));
        let differ = lines.filter(|(new, old)| new != old).count();
        assert_eq!(differ, 2, "the value and the MAC change, and nothing else:\n{created}\n{changed}");
        assert_eq!(repository.log().len(), 3);

        // The format makes no difference from here on.
        if format == "yaml" {
            let import = run.import(ADDRESS, &format!("main:{path}"));
            import.assert_same_but(&["git", "age", "data_wo", "timeouts"]);
            run.apply().success();
            run.assert_settled();
            assert_eq!(
                (repository.log().len(), repository.read(path).as_deref()),
                (3, Some(changed.as_str()))
            );

            // Others change it, or take it away.
            repository.write(path, &created);
            run.plan().success().assert_changes(&[&format!("{ADDRESS}: update")]);
            run.apply().success();
            run.assert_settled();
        }
        repository.remove(&[path]);
        run.plan().success().assert_changes(&[&format!("{ADDRESS}: create")]);
        run.apply().success();
        run.destroy().success();
        assert_eq!(repository.files(), ["README.md"]);
        for canary in [one, two] {
            canary.assert_absent(&case.dir());
        }
    }
}
