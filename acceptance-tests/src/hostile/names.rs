//! Names, good ones and such that were spoiled in one known way.

use crate::Random;

/// A name, and what is wrong with it.
#[derive(Debug, Clone)]
pub struct Name {
    /// The name.
    pub text: String,
    /// Whether nobody should be able to give it.
    pub bad: bool,
    /// What was done to it.
    pub why: &'static str,
}

impl Name {
    fn good(text: String) -> Self {
        Self { text, bad: false, why: "good" }
    }

    fn bad(text: String, why: &'static str) -> Self {
        Self { text, bad: true, why }
    }
}

/// Dashes, letters and digits that look like ASCII's and are not.
const LOOK_ALIKES: &str = "\u{2010}\u{2011}\u{2012}\u{2013}\u{2014}\u{2015}\u{2212}\u{fe58}\u{ff0d}\u{ad}\u{430}\u{435}\u{43e}\
    \u{440}\u{3bf}\u{131}\u{ff41}\u{1d41a}\u{661}\u{ff11}\u{212a}\u{17f}";

/// Characters that show nothing, or turn around what follows.
const INVISIBLE: &str = "\u{ad}\u{34f}\u{61c}\u{180e}\u{200b}\u{200c}\u{200d}\u{200e}\u{200f}\u{202a}\u{202b}\u{202c}\u{202d}\
    \u{202e}\u{2060}\u{2066}\u{2067}\u{2068}\u{2069}\u{206a}\u{206f}\u{feff}\u{e0041}";

/// What HFS+ leaves out of a name.
const IGNORED: &str = "\u{200c}\u{200d}\u{200e}\u{200f}\u{202a}\u{202e}\u{206a}\u{206f}\u{feff}";

const CONTROLS: &str = "\0\u{1}\t\n\r\u{1b}\u{7f}\u{85}\u{9b}";

/// The names that Windows keeps, as Microsoft lists them.
const DEVICES: &str = "con prn aux nul conin$ conout$ com1 com2 com3 com4 com5 com6 com7 com8 com9 com¹ com² com³ lpt1 lpt2 \
    lpt3 lpt4 lpt5 lpt6 lpt7 lpt8 lpt9 lpt¹ lpt² lpt³";

/// Names in repositories that are as good as any, however they look; with a bar between two of them.
const ODD: &str = ".github|.gitignore|.gitlab-ci.yml|git|gitx~1|git~|git~x|..a|a..b|-x|--help|%2e%2e|%2fetc|a b|a@b|日本|ä|\
    консул|com10|console.txt|nul1|a\u{2010}b|🙂";

fn signs(text: &str) -> Vec<char> {
    text.chars().collect()
}

fn one_of<T: Clone>(random: &mut Random, all: &[T]) -> T {
    all[(random.number() % all.len() as u64) as usize].clone()
}

fn up_to(random: &mut Random, most: usize) -> usize {
    (random.number() % most as u64) as usize
}

/// `text` with one of `all` somewhere in it.
fn with_one_of<T: Clone + ToString>(random: &mut Random, text: &str, all: &[T]) -> String {
    let what = one_of(random, all).to_string();
    let place = up_to(random, text.chars().count() + 1);
    let (head, tail): (String, String) =
        (text.chars().take(place).collect(), text.chars().skip(place).collect());
    format!("{head}{what}{tail}")
}

/// `text` in upper and lower case, as it comes.
fn any_case(random: &mut Random, text: &str) -> String {
    text.chars().map(|c| if up_to(random, 2) == 0 { c.to_ascii_uppercase() } else { c }).collect()
}

/// Lower-case letters, digits and dashes, not at an end: a label, and no device.
fn label(random: &mut Random, longest: usize) -> String {
    let length = 1 + up_to(random, longest);
    let mut text: String =
        (0..length).map(|_| one_of(random, b"abcdefghijklmnopqrstuvwxyz0123456789-") as char).collect();
    let ends = b"abcdefghijklmnopqrstuvwxyz0123456789";
    text.replace_range(..1, &(one_of(random, ends) as char).to_string());
    text.replace_range(length - 1.., &(one_of(random, ends) as char).to_string());
    if DEVICES.split(' ').any(|device| device == text) { format!("{text}0") } else { text }
}

/// The id of a tenant.
pub fn id(random: &mut Random) -> Name {
    let good = label(random, 63);
    let short = label(random, 40);
    match up_to(random, 16) {
        0..=2 => Name::good(good),
        3 => Name::bad(with_one_of(random, &short, &signs(LOOK_ALIKES)), "a look-alike"),
        4 => Name::bad(with_one_of(random, &short, &signs(INVISIBLE)), "invisible"),
        5 => Name::bad(with_one_of(random, &short, &signs(CONTROLS)), "a control character"),
        6 => Name::bad(with_one_of(random, &short, &["A", "Q", "Z"]), "upper case"),
        7 => {
            Name::bad(with_one_of(random, &short, &["_", ".", "/", "\\", ":", " ", "~", "@", "*"]), "a sign")
        }
        8 => Name::bad(with_one_of(random, &short, &["..", "../", "%2d", "%2e%2e", "%00"]), "a way out"),
        9 => Name::bad(format!("-{short}"), "a leading dash"),
        10 => Name::bad(format!("{short}-"), "a dash at the end"),
        11 => Name::bad(
            format!("{short}{}", one_of(random, &[".", " ", "\n", ". ", "\u{a0}"])),
            "something at the end",
        ),
        12 => {
            let letter = label(random, 1);
            Name::bad(letter.repeat(64 + up_to(random, 500)), "too long")
        }
        13 => Name::bad(device(random), "a device"),
        14 => Name::bad(
            one_of(random, &["", ".", "..", "-", ".git", ".GIT", "git~1", "/", "ß", "É"]).to_owned(),
            "no label",
        ),
        _ => Name::bad(any_case(random, &format!("{short}a")).to_ascii_uppercase(), "upper case all over"),
    }
}

/// A name in a repository, of letters of any alphabet.
fn component(random: &mut Random) -> String {
    match up_to(random, 3) {
        0 => {
            let odd: Vec<&str> = ODD.split('|').collect();
            one_of(random, &odd).to_owned()
        }
        _ => format!("{}{}", label(random, 30), one_of(random, &["", ".yaml", ".d", "_x", "+1", "=", ","])),
    }
}

/// A name that Windows keeps.
fn device(random: &mut Random) -> String {
    let names: Vec<&str> = DEVICES.split(' ').collect();
    let name = one_of(random, &names);
    any_case(random, name)
}

/// What Git's own directory is called on any system.
fn git_directory(random: &mut Random) -> (String, &'static str) {
    let name = any_case(random, ".git");
    match up_to(random, 5) {
        0 => (name, "git's directory"),
        1 => {
            let name = any_case(random, "git");
            (format!("{name}~{}", 1 + up_to(random, 20)), "its short name on NTFS")
        }
        2 => (
            format!("{name}{}", one_of(random, &[".", " ", "..", " .", ". ", "  "])),
            "git's directory on NTFS",
        ),
        3 => (
            format!("{name}{}", one_of(random, &["::$INDEX_ALLOCATION", ":x", "::$DATA"])),
            "a stream of it on NTFS",
        ),
        _ => (with_one_of(random, &name, &signs(IGNORED)), "git's directory on HFS+"),
    }
}

/// A name that no repository should have, and why.
fn spoiled(random: &mut Random) -> (String, &'static str) {
    let good = label(random, 20);
    match up_to(random, 12) {
        0 => ("..".to_owned(), "up"),
        1 => (".".to_owned(), "here"),
        2 | 3 => git_directory(random),
        4 => (with_one_of(random, &good, &["\\"]), "a backslash"),
        5 => (with_one_of(random, &good, &[":"]), "a colon"),
        6 => (with_one_of(random, &good, &signs(CONTROLS)), "a control character"),
        7 => (with_one_of(random, &good, &signs(INVISIBLE)), "invisible"),
        8 => {
            (format!("{good}{}", one_of(random, &[".", " ", "...", ". ", " ."])), "a dot or space at the end")
        }
        9 => (device(random), "a device"),
        10 => {
            let name = device(random);
            (
                format!("{name}{}", one_of(random, &[".txt", ".yaml", ".tar.gz", " .x"])),
                "a device with an extension",
            )
        }
        _ => (one_of(random, &["x", "é", "日"]).repeat(256), "a long name"),
    }
}

/// A path in a repository; `number` makes it another than all others.
pub fn path(random: &mut Random, number: usize) -> Name {
    let first = format!("{}-{number}", label(random, 8));
    let mut parts: Vec<String> = (0..up_to(random, 4)).map(|_| component(random)).collect();
    parts.insert(0, first);
    match up_to(random, 8) {
        0 | 1 => Name::good(parts.join("/")),
        2 => {
            let text = parts.join("/");
            match up_to(random, 7) {
                5 => Name::good(format!("{text}/.gitattributes")),
                6 => Name::bad(format!("{text}/.gitattributes/x"), "a file of Git's as a directory"),
                0 => Name::bad(format!("/{text}"), "absolute"),
                1 => Name::bad(format!("{text}/"), "a slash at the end"),
                2 => Name::bad(format!("{text}//x"), "two slashes"),
                3 => Name::bad(format!("{text}/{}", "d/".repeat(2_048) + "x"), "a long path"),
                _ => Name::bad(format!("C:/{text}"), "a drive"),
            }
        }
        _ => {
            let (bad, why) = spoiled(random);
            let place = up_to(random, parts.len() + 1);
            parts.insert(place, bad);
            Name::bad(parts.join("/"), why)
        }
    }
}

/// A product, or a version of it.
pub fn version(random: &mut Random) -> Name {
    let good =
        format!("{}{}", label(random, 20), one_of(random, &["", ".0.1", "-rc.1", "+build", "_x", "A"]));
    match up_to(random, 6) {
        0 | 1 => Name::good(good),
        2 => Name::bad(
            with_one_of(random, &good, &["/", "\\", ":", " ", "~", "*", "\0", "\n", "‑", "ä"]),
            "a sign",
        ),
        3 => {
            let end = one_of(random, &[".", "-", "_", "+"]);
            Name::bad(
                if up_to(random, 2) == 0 { format!("{end}{good}") } else { format!("{good}{end}") },
                "its end",
            )
        }
        4 => Name::bad(one_of(random, &["", ".", "..", ".git", ".GIT", "git~1"]).to_owned(), "no name"),
        _ => {
            let name = device(random);
            // The others have signs that no product may have.
            let name = if name.chars().all(|c| c.is_ascii_alphanumeric()) { name } else { "nul".to_owned() };
            Name::bad(format!("{name}{}", one_of(random, &["", ".1", ".1.2"])), "a device")
        }
    }
}
