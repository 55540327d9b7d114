//! Properties of the cipher.

use super::*;
use proptest::prelude::*;
use proptest::sample::{Index, select};

const SCOPES: [Scope; 3] = [Scope::Strict, Scope::NamespaceWide, Scope::ClusterWide];

fn scope() -> impl Strategy<Value = Scope> {
    select(SCOPES.to_vec())
}

fn value() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..40),
        (0usize..20_000, any::<u8>()).prop_map(|(length, byte)| vec![byte; length]),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// A value opens where its scope lets it, and with its own key alone.
    #[test]
    fn a_value_opens_in_its_scope(
        value in value(), scope in scope(), other_scope in scope(), which: Index,
        (namespace, name) in ("[a-z]{1,3}", "[a-z]{1,3}"),
        (other_namespace, other_name) in ("[a-z]{1,3}", "[a-z]{1,3}"),
    ) {
        let all = pairs();
        let which = which.index(all.len());
        let (pair, other) = (&all[which], &all[1 - which]);
        let sealed = seal(&public(pair), scope, &namespace, &name, &value).unwrap();
        let open = |pair: &SealingPair, scope, namespace: &str, name: &str| {
            unseal(&private(pair), scope, namespace, name, &sealed).map(|value| value.expose().clone())
        };
        prop_assert_eq!(open(pair, scope, &namespace, &name), Ok(value.clone()));
        prop_assert!(open(other, scope, &namespace, &name).is_err());
        let same_label = scope.label(&namespace, &name) == other_scope.label(&other_namespace, &other_name);
        prop_assert_eq!(open(pair, other_scope, &other_namespace, &other_name).is_ok(), same_label);
        let key_size = public(pair).key().ciphertext_size();
        prop_assert_eq!(sealed.len(), (2 + key_size + value.len() + 16).div_ceil(3) * 4);
    }

    /// One bit changed anywhere, or one byte less, and nothing opens.
    #[test]
    fn what_was_touched_does_not_open(value in value(), at: Index, bit in 0u8..8) {
        use base64::{Engine, engine::general_purpose::STANDARD};
        let [pair, _] = pairs();
        let sealed = seal(&public(pair), Scope::Strict, "n", "s", &value).unwrap();
        let mut blob = STANDARD.decode(&sealed).unwrap();
        let cut = STANDARD.encode(&blob[..at.index(blob.len())]);
        prop_assert!(unseal(&private(pair), Scope::Strict, "n", "s", &cut).is_err());
        let place = at.index(blob.len());
        blob[place] ^= 1 << bit;
        prop_assert!(unseal(&private(pair), Scope::Strict, "n", "s", &STANDARD.encode(&blob)).is_err());
    }
}

#[test]
fn the_same_value_never_gives_the_same_ciphertext() {
    let [pair, _] = pairs();
    let seal = || seal(&public(pair), Scope::Strict, "n", "s", b"1234").unwrap();
    let all: std::collections::BTreeSet<_> = (0..100).map(|_| seal()).collect();
    assert_eq!(all.len(), 100);
}

#[test]
fn what_does_not_open_says_what_for() {
    let [pair, other] = pairs();
    let sealed = seal(&public(pair), Scope::Strict, "shop", "app", b"hunter2").unwrap();
    let errors = SCOPES.map(|scope| unseal(&private(other), scope, "shop", "app", &sealed).err().unwrap());
    let broken = ["", "AgA=", "not base64", &sealed[..200]];
    let broken = broken.map(|text| unseal(&private(pair), Scope::Strict, "shop", "app", text).err().unwrap());
    let told: Vec<_> = errors.iter().chain(&broken).map(told).collect();
    insta::assert_snapshot!(told.join("\n"), @"
    this key does not open it as `shop/app`
      What was sealed opens only with the key of its cluster, and in its scope: seal it again for this place.
    this key does not open it in the namespace `shop`
      What was sealed opens only with the key of its cluster, and in its scope: seal it again for this place.
    this key does not open it for the whole cluster
      What was sealed opens only with the key of its cluster, and in its scope: seal it again for this place.
    this is not a sealed value: it is too short
      A sealed value is one line of base64, and begins with `Ag` for most keys.
    this is not a sealed value: it is too short
      A sealed value is one line of base64, and begins with `Ag` for most keys.
    this is not a sealed value: it is not base64
      A sealed value is one line of base64, and begins with `Ag` for most keys.
    this is not a sealed value: it is too short
      A sealed value is one line of base64, and begins with `Ag` for most keys.
    ");
}

#[test]
fn a_whole_secret_opens() {
    let [pair, _] = pairs();
    let data = [("a".to_owned(), b"1".to_vec()), ("b".to_owned(), vec![0, 255])].into();
    let data = crate::Secret::new(Data(data));
    for scope in SCOPES {
        let sealed = seal_all(&public(pair), scope, "shop", "app", &data).unwrap();
        let (namespace, name) = ("shop".to_owned(), "app".to_owned());
        let secret = SealedSecret { namespace, name, scope, template: Template::default(), data: sealed };
        let yaml = crate::manifest::to_yaml(&secret.value()).unwrap();
        let read = SealedSecret::parse(&yaml).unwrap();
        assert_eq!(read.open(&private(pair)).ok().unwrap().expose().0, data.expose().0, "{scope:?}");
        assert!(
            SealedSecret { name: "b".into(), ..read.clone() }.open(&private(pair)).is_ok()
                == (scope != Scope::Strict)
        );
        assert!(
            SealedSecret { namespace: "b".into(), ..read }.open(&private(pair)).is_ok()
                == (scope == Scope::ClusterWide)
        );
    }
}
