//! Keys that are made, backed up and restored, and backups that are refused.

use super::*;
use crate::Explain;
use crate::manifest::to_yaml;
use crate::seal::tests::pairs;
use crate::sops::{Encrypted, Format, Identities, Plain, Policy, Recipient};
use proptest::prelude::*;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

/// Made for these tests, and of no other use.
const RECIPIENT: &str = "age1847y6tlue090ppcjsm6jwqswf8e5lwwqg9zm543zf8edcn88fsgskfqh0y";
const IDENTITY: &str = "AGE-SECRET-KEY-1LQ54U4CCKWF9DT6T4LKEWFKSP7Y2KFMD60SNEZMNJR2C4PZ8L60QMXY5MU";
const OTHER: &str = "AGE-SECRET-KEY-1DE02PW6LL593YJZC85SQMQ6J0Q6SGUWY3XLQJMX03GKGD6D955WQE3NF04";
const OWNER: &str = "gitops_sealing_key kube-system";

fn recipients() -> Vec<Recipient> {
    vec![Recipient::parse(RECIPIENT).unwrap()]
}

fn identity() -> Identities {
    Identities::parse(IDENTITY).unwrap()
}

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_917_723)
}

/// Two keys, the second of which follows the first at once.
fn keys() -> &'static [SealingKey; 2] {
    static KEYS: OnceLock<[SealingKey; 2]> = OnceLock::new();
    KEYS.get_or_init(|| {
        let make = |number, last| SealingKey::sized(rcgen::RsaKeySize::_2048, number, now(), last).unwrap();
        let first = make(1, None);
        let second = make(2, Some(&first));
        [first, second]
    })
}

fn backed_up(keys: &[SealingKey]) -> String {
    write_backup(keys, "kube-system", &recipients(), OWNER, now()).unwrap()
}

/// A Secret as a controller, or somebody by hand, would have it.
fn secret(certificate: &str, key: &str) -> Value {
    let data = json!({ CERTIFICATE: STANDARD.encode(certificate), PRIVATE_KEY: STANDARD.encode(key) });
    let metadata = json!({ "name": "sealed-secrets-keyx7x7x", "labels": { LABEL: ACTIVE } });
    json!({ "apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "kubernetes.io/tls", "data": data })
}

fn told(error: &Error) -> String {
    let cause = std::error::Error::source(error).map(|cause| format!("\n  by: {cause}")).unwrap_or_default();
    format!("{error}{cause}\n  {}", error.hint().unwrap_or_default())
}

#[test]
fn a_key_that_is_made_is_one_to_seal_for() {
    let [first, second] = keys();
    assert_eq!((first.rotation(), second.rotation(), first.is_active()), (Some(1), Some(2), true));
    assert_eq!(first.certificate().not_before(), 1_795_917_723);
    assert_eq!(second.certificate().not_before(), 1_795_917_724, "it begins after the last");
    assert_eq!(time(second.certificate().not_after()), "2036-11-26T02:02:04Z");
    assert_eq!(newest(&[second.clone(), first.clone()]).unwrap().fingerprint(), second.fingerprint());
    let certificate = Certificate::parse(first.pem()).unwrap();
    assert_eq!(certificate.fingerprint(), first.fingerprint());
    let sealed = seal(&certificate, Scope::Strict, "shop", "app", b"hunter2").unwrap();
    let opened = unseal(&first.private(), Scope::Strict, "shop", "app", &sealed).unwrap();
    assert_eq!(opened.expose(), b"hunter2");
    let object = first.object("vault");
    assert_eq!(object.id().to_string(), "Secret vault/sealed-secrets-key-r1");
    let again = SealingKey::of(&object.into_value()).unwrap();
    assert_eq!(again.object("vault"), first.object("vault"));
    let other = first.clone().renamed();
    assert!(other.name.starts_with("sealed-secrets-key-r1-"), "{}", other.name);
    assert_eq!(other.fingerprint(), first.fingerprint());
}

#[test]
fn a_key_that_is_not_active_is_not_sealed_for() {
    let [first, second] = keys();
    let mut retired = second.object("a").into_value();
    retired["metadata"]["labels"][LABEL] = json!("compromised");
    let retired = SealingKey::of(&retired).unwrap();
    assert_eq!(newest(&[first.clone(), retired]).unwrap().fingerprint(), first.fingerprint());
}

#[test]
fn our_marks_and_copies_of_others_are_no_part_of_a_key() {
    let mut live = keys()[0].object("a").into_value();
    live["metadata"]["labels"][OWNER_LABEL] = json!("x");
    live["metadata"]["annotations"][LAST_APPLIED] = json!("hunter2");
    live["metadata"]["annotations"][IDENTITY_ANNOTATION] = json!("x");
    assert_eq!(SealingKey::of(&live).unwrap().object("a"), keys()[0].object("a"));
}

const OWNER_LABEL: &str = crate::apply::OWNER;
const IDENTITY_ANNOTATION: &str = crate::apply::IDENTITY;

#[test]
fn a_backup_is_restored_and_tells_nothing_but_whose_it_is() {
    let text = backed_up(keys());
    let backup = read_backup(text.as_bytes()).unwrap();
    let prints = keys().iter().map(|key| key.fingerprint().to_owned());
    assert_eq!(backup.fingerprints, prints.collect());
    assert!(backup.is_for(&recipients()));
    assert!(!backup.is_for(&[
        Recipient::parse("age16nj8jur8lk6n909v3ta6fshnmezh0nlv88rd3dkm38fz6chpm5qqh7a3dn").unwrap()
    ]));
    let restored = backup.open(&identity()).unwrap();
    let objects = |keys: &[SealingKey]| keys.iter().map(|key| key.object("a")).collect::<Vec<_>>();
    assert_eq!(objects(&restored), objects(keys()));
    for key in keys() {
        let private = STANDARD.encode(key.private.expose());
        assert!(!text.contains(&private));
        assert!(
            key.private
                .expose()
                .lines()
                .filter(|line| !line.starts_with("--"))
                .all(|line| !text.contains(line))
        );
    }
}

#[test]
fn a_backup_of_others_is_restored() {
    let [pair, _] = pairs();
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": [secret(&pair.certificate, &pair.key)] });
    let plain = Plain::parse(&to_yaml(&list).unwrap(), Format::Yaml).unwrap();
    let text = plain.encrypt(Format::Yaml, &Policy::of(recipients()), now()).unwrap();
    let backup = read_backup(text.as_bytes()).unwrap();
    assert_eq!(backup.fingerprints.len(), 0, "all of it is encrypted");
    let restored = backup.open(&identity()).unwrap();
    assert_eq!(restored[0].name, "sealed-secrets-keyx7x7x");
    assert_eq!(restored[0].rotation(), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn what_is_backed_up_is_restored(
        names in proptest::collection::btree_set("[a-z][a-z0-9-]{0,40}[a-z0-9]", 1..3),
        labels in proptest::collection::btree_map("[a-z]{1,9}/[a-z]{1,9}", "[A-Za-z0-9]{0,20}", 0..4),
        annotations in proptest::collection::btree_map("[a-z]{1,9}/[a-z]{1,9}", ".{0,40}", 0..4),
        active in any::<bool>(),
    ) {
        let keys: Vec<_> = names.iter().zip(keys()).map(|(name, key)| {
            let mut labels = labels.clone();
            labels.insert(LABEL.to_owned(), if active { ACTIVE } else { "no" }.to_owned());
            SealingKey { name: name.clone(), labels, annotations: annotations.clone(), ..key.clone() }
        }).collect();
        let restored = restore(backed_up(&keys).as_bytes(), &identity()).unwrap();
        let objects = |keys: &[SealingKey]| keys.iter().map(|key| key.object("a")).collect::<Vec<_>>();
        prop_assert_eq!(objects(&restored), objects(&keys));
    }

    #[test]
    fn whatever_is_no_backup_is_refused(text in ".{0,200}") {
        prop_assert!(restore(text.as_bytes(), &identity()).is_err());
    }
}

/// Nothing that is changed in a backup gets into a cluster: it is refused, or it says the same.
#[test]
fn a_backup_that_was_changed_restores_nothing_else() {
    let text = backed_up(&keys()[..1]);
    let expected = keys()[0].object("a");
    for at in (0..text.len()).step_by(31) {
        let mut bytes = text.clone().into_bytes();
        bytes[at] ^= 1;
        if let Ok(restored) = restore(&bytes, &identity()) {
            assert_eq!(restored.len(), 1, "byte {at}");
            assert_eq!(restored[0].object("a"), expected, "byte {at}");
        }
    }
}

#[test]
fn backups_that_are_refused() {
    let [pair, other] = pairs();
    let sealed = |value: &Value| {
        let plain = Plain::parse(&to_yaml(value).unwrap(), Format::Yaml).unwrap();
        plain.encrypt(Format::Yaml, &Policy::of(recipients()), now()).unwrap().into_bytes()
    };
    let list = |items: Value| json!({ "apiVersion": "v1", "kind": "List", "items": items, "note": "x" });
    let good = backed_up(keys());
    // The certificate of another key, in the place of that which was backed up.
    let swapped = good.replace(&STANDARD.encode(keys()[0].pem()), &STANDARD.encode(keys()[1].pem()));
    let cut = good.get(..good.len() / 2).unwrap();
    let plain = to_yaml(&list(json!([secret(&pair.certificate, &pair.key)]))).unwrap();
    let unfit = sealed(&list(json!([secret(&pair.certificate, &other.key)])));
    let no_key = sealed(&list(json!([secret(&pair.certificate, "hunter2")])));
    let something = sealed(
        &json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "a" }, "data": {"a": "b"} }),
    );
    let cases: [(&str, &[u8], &str); 10] = [
        ("empty", b"", IDENTITY),
        ("binary", b"age-encryption.org/v1\n\xff", IDENTITY),
        ("not encrypted", plain.as_bytes(), IDENTITY),
        ("no identity for it", good.as_bytes(), OTHER),
        ("another certificate", swapped.as_bytes(), IDENTITY),
        ("cut off", cut.as_bytes(), IDENTITY),
        ("halves of two keys", &unfit, IDENTITY),
        ("no private key", &no_key, IDENTITY),
        ("something else", &something, IDENTITY),
        ("nothing in it", &sealed(&list(json!([]))), IDENTITY),
    ];
    let told = cases.map(|(name, text, identity)| {
        let error = restore(text, &Identities::parse(identity).unwrap()).err();
        format!("{name}: {}", told(&error.unwrap_or_else(|| panic!("{name} is not refused"))))
    });
    let told = told.join("\n");
    assert!(!told.contains("hunter2"), "{told}");
    insta::assert_snapshot!(told);
}

#[test]
fn what_a_controller_could_not_read_is_told() {
    let errors = [
        Error::Alone {
            fingerprints: vec!["SHA256:a".into(), "SHA256:b".into()],
            source: Box::new(Error::Unfit { name: "sealed-secrets-keyx".into() }),
        },
        Error::Changed,
        Error::Unmade,
    ];
    insta::assert_snapshot!(errors.iter().map(told).collect::<Vec<_>>().join("\n"));
    let elliptic = SealingKey::of(&secret("hunter2", "hunter2")).err().unwrap();
    assert!(!told(&elliptic).contains("hunter2"));
}

/// `sops` reads what we write, and we read what it wrote: see the tests of that room. Here it is only that a backup is
/// a file of its format.
#[test]
fn a_backup_is_a_file_of_sops() {
    let text = backed_up(keys());
    let file = Encrypted::parse(&text, Format::Yaml).unwrap();
    assert_eq!(file.managed_by(), Some(OWNER));
    assert_eq!(file.recipients(), [RECIPIENT.to_owned()].into());
    file.open(&identity()).unwrap();
}
