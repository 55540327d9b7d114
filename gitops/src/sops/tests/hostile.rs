//! What others wrote, or rearranged: no parser panics, and no value gets to another place. What a single bit does is in
//! `flips`.

use super::*;

const FORMATS: [Format; 3] = [Format::Yaml, Format::Json, Format::Dotenv];

/// Parts that files are made of, whole and broken.
const PARTS: [&str; 48] = [
    "a",
    ": ",
    "\n",
    "  ",
    "- ",
    "sops:",
    "sops_",
    "age",
    "__list_",
    "__map_",
    "0",
    "1",
    "enc",
    "recipient",
    "mac",
    "=",
    "lastmodified",
    "\"",
    "'",
    "{",
    "}",
    "[",
    "]",
    ",",
    "ENC[AES256_GCM,data:",
    ",iv:",
    ",tag:",
    ",type:str]",
    "AAAA",
    "AA==",
    "key_groups",
    "shamir_threshold",
    "encrypted_regex",
    "(",
    ".*",
    "---\n",
    "#",
    "|",
    "&x ",
    "*x",
    "!!binary ",
    "\\n",
    "\u{feff}",
    "é",
    "\0",
    "creation_rules",
    "path_regex",
    "AGE-SECRET-KEY-1",
];

/// A hundred thousand texts: parts in any order, and bytes of any kind.
#[test]
fn no_parser_panics() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    for number in 0..100_000 {
        let mut bytes: Vec<u8> = (0..random.usize(..24))
            .flat_map(|_| match random.u8(..8) {
                0 => vec![random.u8(..)],
                _ => random.choice(PARTS).unwrap_or_default().as_bytes().to_vec(),
            })
            .collect();
        if random.u8(..8) == 0 {
            bytes = (0..random.usize(..64)).map(|_| random.u8(..)).collect();
        }
        let text = String::from_utf8_lossy(&bytes);
        let format = FORMATS[random.usize(..3)];
        if let Ok(file) = Encrypted::parse(&text, format) {
            assert!(file.open(&Identities::default()).is_err(), "{text}");
        }
        if let Ok(plain) = Plain::parse(&text, format) {
            // Whatever can be read can be written and is read as it was.
            let written = plain.text(format);
            let again = Plain::parse(written.expose(), format);
            let shown = |plain: &Plain| {
                plain.tree().0.iter().map(|map| serde_json::to_string(map).unwrap()).collect::<Vec<_>>()
            };
            assert_eq!(
                again.ok().map(|again| shown(&again)),
                Some(shown(&plain)),
                "{text:?} as {:?}",
                written.expose()
            );
        }
        let _ =
            (Config::parse(&text).map(|config| config.policy("a").is_ok()), Recipient::parse(&text).is_ok());
        let _ = Identities::parse(&text).is_ok();
        // Not optimized, the compiler of patterns takes longer than all others together.
        let _ = (number % 16 == 0).then(|| Pattern::parse(&text).is_ok());
    }
}

/// Values that were moved, swapped, copied, removed, or put where they were before.
#[test]
fn what_was_rearranged_is_refused() {
    let policy = Policy::of(vec![recipient(0)]);
    let file = |text: &str| plain(text, Format::Yaml).encrypt(Format::Yaml, &policy, now()).unwrap();
    let text = file("a: one\nb: two\nc: [three, four]\n");
    let lines: Vec<_> = text.lines().collect();
    let with = |lines: &[&str]| {
        let text = lines.join("\n");
        refusal(parse(&text, Format::Yaml).open(&identity(0)))
    };
    let value = |line: &str| line[line.find("ENC").unwrap()..].to_owned();
    let (a, b) = (format!("a: {}", value(lines[1])), format!("b: {}", value(lines[0])));
    let mut swapped = lines.clone();
    (swapped[0], swapped[1]) = (&a, &b);
    let mut removed = lines.clone();
    removed.remove(0);
    let mut turned = lines.clone();
    turned.swap(3, 4);
    let mut plain = lines.clone();
    plain[0] = "a: one";
    let mut older = lines.clone();
    let other = file("a: zero\n");
    older[0] = other.lines().next().unwrap();
    let shown: Vec<_> = [swapped, removed, turned, plain, older].iter().map(|lines| with(lines)).collect();
    insta::assert_snapshot!(shown.join("\n"), @"
    `a` is not what was encrypted there: it was changed or moved
    its MAC does not fit its values: something was changed, added, removed or moved without SOPS
    its MAC does not fit its values: something was changed, added, removed or moved without SOPS
    `a` should be encrypted and is not
    `a` is not what was encrypted there: it was changed or moved
    ");
}
