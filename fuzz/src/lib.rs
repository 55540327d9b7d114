//! What the fuzz targets share: how one is declared, the inputs that are more than bytes or text, and longer checks.
//!
//! A target is a file of its own: what it reads, and what must hold. With the feature `link` it is a fuzzer, which needs a
//! C++ compiler and, for its sanitizer, a nightly toolchain: `fuzz/run`. Without it, it is a program that any toolchain
//! builds: it reads the files that it is given, once each, so that what a fuzzer found is looked at without one.

use gitops::sops::{Encrypted, Format, Identities, Plain};
use libfuzzer_sys::arbitrary::{Arbitrary, Error, Result, Unstructured};
use std::sync::LazyLock;
use tfplugin_rs::value::Type;

/// Declares a target: the kind of its input, and what is done with each.
#[macro_export]
macro_rules! target {
    (|$input:ident: $kind:ty| $check:expr) => {
        #[cfg(feature = "link")]
        libfuzzer_sys::fuzz_target!(|$input: $kind| $check);

        #[cfg(not(feature = "link"))]
        fn main() -> std::io::Result<()> {
            use libfuzzer_sys::arbitrary::{Arbitrary, Unstructured};
            let check = |$input: $kind| $check;
            for file in std::env::args_os().skip(1) {
                let bytes = std::fs::read(file)?;
                if let Ok(input) = Arbitrary::arbitrary_take_rest(Unstructured::new(&bytes)) {
                    check(input);
                }
            }
            Ok(())
        }
    };
}

/// A value of JSON, as an API server answers it. What is no JSON is not among the inputs.
#[derive(Debug)]
pub struct Json(pub serde_json::Value);

impl<'a> Arbitrary<'a> for Json {
    fn arbitrary(input: &mut Unstructured<'a>) -> Result<Self> {
        let text = input.bytes(input.len())?;
        serde_json::from_slice(text).map(Self).map_err(|_| Error::IncorrectFormat)
    }
}

/// A type of Terraform with all kinds of values in it.
pub static TYPE: LazyLock<Type> = LazyLock::new(|| {
    Type::object([
        ("any", Type::Dynamic),
        ("bool", Type::Bool),
        ("list", Type::list(Type::map(Type::String))),
        ("number", Type::Number),
        ("set", Type::set(Type::Number)),
        ("text", Type::String),
        ("tuple", Type::Tuple(vec![Type::Bool, Type::list(Type::Dynamic)])),
    ])
});

/// Reads `text` as a file of SOPS and as one that is to become one: nobody opens the first, and the second is written so
/// that it is read the same.
///
/// # Panics
/// Where that does not hold.
pub fn sops(text: &str, format: Format) {
    if let Ok(file) = Encrypted::parse(text, format) {
        assert!(file.open(&Identities::default()).is_err(), "it was opened by nobody");
        let _ = (file.recipients(), file.needs_sops());
    }
    // Comments are left out: no value of a file depends on them.
    let values = |plain: &Plain| plain.tree().0.iter().map(|map| serde_json::json!(map)).collect::<Vec<_>>();
    if let Ok(plain) = Plain::parse(text, format) {
        let written = plain.text(format);
        let again = Plain::parse(written.expose(), format).map(|again| values(&again));
        assert_eq!(again, Ok(values(&plain)), "{:?}", written.expose());
    }
}
