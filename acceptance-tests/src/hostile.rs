//! Inputs that nobody should write, for every parser of what others wrote: good ones with parts changed, and noise.
//!
//! A parser may answer what it wants, but it answers. What made it panic is shown as small as it can be, with the seed;
//! `GITOPS_TEST_SEED` takes other inputs, and `GITOPS_TEST_INPUTS` at least so many for every parser.

pub mod names;

use crate::cli::number;
use crate::random::Random;
use serde_json::{Value, json};
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// How many inputs each parser is given.
pub const INPUTS: u32 = 100_000;

/// What means something in one of the formats that are read.
#[rustfmt::skip]
const TOKENS: [&str; 56] = [
    ": ", "\n", "\n  ", "- ", "\n- ", "---\n", "...\n", "|", ">-\n", "&a ", "*a", "<<: ", "!!binary ", "!!int ", "? ", "# ", "\"", "'",
    "\\", "\\u", "\\ud800", "{", "}", "[", "]", ",", "=", "==", "%", "%2", "//", "/", "..", "/../", "@", ":", "?", "#", "~", "null",
    "true", "-0", "1e999", "9223372036854775808", "-9223372036854775809", "0x", ".nan", "\0", "\t", "\r\n", "\u{feff}", "\u{202e}",
    "é", "\u{10ffff}", "-----BEGIN ", "<no value>",
];

/// Values that an object may have where it should have another.
fn strange() -> [Value; 16] {
    [
        Value::Null,
        json!(true),
        json!(-1),
        json!(0),
        json!(u64::MAX),
        json!(1.5e300),
        json!(""),
        json!("a"),
        json!("\u{0}\u{202e}é\n"),
        json!("9999-99-99T99:99:99Z"),
        json!("x".repeat(300)),
        json!([]),
        json!([null, {}, [], "a"]),
        json!({}),
        json!({"": null}),
        json!([[[[{"a": [{}]}]]]]),
    ]
}

/// Gives `parse` so many inputs. Most are one of `good` with a few bytes changed; the others have nothing to do with them.
///
/// # Panics
/// When `parse` does.
#[track_caller]
pub fn bytes(inputs: u32, good: &[&[u8]], parse: impl Fn(&[u8])) {
    answers(inputs, |which, edits| changed(good, which, edits), |input| parse(input));
}

/// The same as text, in which what is no UTF-8 is replaced.
///
/// # Panics
/// When `parse` does.
#[track_caller]
pub fn texts(inputs: u32, good: &[&str], parse: impl Fn(&str)) {
    let good: Vec<_> = good.iter().map(|text| text.as_bytes()).collect();
    let text = |which, edits: &[u64]| match String::from_utf8(changed(&good, which, edits)) {
        Ok(text) => text,
        Err(bad) => String::from_utf8_lossy(bad.as_bytes()).into_owned(),
    };
    answers(inputs, text, |input| parse(input));
}

/// Gives `read` so many values of JSON: one of `good`, in which a few are replaced, moved or missing.
///
/// # Panics
/// When `read` does.
#[track_caller]
pub fn values(inputs: u32, good: &[Value], read: impl Fn(&Value)) {
    let strange = strange();
    let value = |which: usize, edits: &[u64]| {
        let mut value = good[which % good.len()].clone();
        edits.iter().for_each(|edit| change(&mut value, *edit, &strange));
        value
    };
    answers(inputs, value, |input| read(input));
}

/// The same inputs in each run, so that a change is judged by itself; other seeds look for more.
const SEED: u64 = 1;

/// Makes inputs, each of a choice among the good ones and a few changes, which are the bits of a number each; and leaves
/// out changes, one after another, of an input that makes `parse` panic, as long as it still does.
#[track_caller]
fn answers<I: Debug>(inputs: u32, make: impl Fn(usize, &[u64]) -> I, parse: impl Fn(&I)) {
    let seed = number("GITOPS_TEST_SEED").unwrap_or(SEED);
    let inputs = u64::from(inputs).max(number("GITOPS_TEST_INPUTS").unwrap_or(0));
    let panics = |input: &I| catch_unwind(AssertUnwindSafe(|| parse(input))).is_err();
    let mut random = Random::new(seed);
    for _ in 0..inputs {
        let which = random.number() as usize;
        let mut edits: Vec<u64> = (0..random.number() % 6).map(|_| random.number()).collect();
        if !panics(&make(which, &edits)) {
            continue;
        }
        let mut place = 0;
        while place < edits.len() {
            let edit = edits.remove(place);
            if !panics(&make(which, &edits)) {
                edits.insert(place, edit);
                place += 1;
            }
        }
        panic!("the input {:?} is not answered\nGITOPS_TEST_SEED={seed}", make(which, &edits));
    }
}

/// The bits of an edit, from the `shift`th on, as a number below `limit`.
fn below(edit: u64, shift: u32, limit: usize) -> usize {
    (edit >> shift) as usize % limit.max(1)
}

/// One of `good`, or nothing, with these changes.
fn changed(good: &[&[u8]], which: usize, edits: &[u64]) -> Vec<u8> {
    let one = which % (good.len() + 1);
    let Some(start) = good.get(one) else { return edits.iter().flat_map(|edit| noise(*edit)).collect() };
    let mut bytes = start.to_vec();
    for edit in edits {
        let at = below(*edit, 8, bytes.len() + 1);
        let end = (at + 1 + below(*edit, 32, 16)).min(bytes.len());
        match (edit % 16, bytes.get(at).copied()) {
            (0..3, Some(_)) => bytes[at] = (edit >> 40) as u8,
            (3..5, Some(byte)) => bytes[at] = byte ^ 1 << (edit >> 40 & 7),
            (5..7, Some(_)) => drop(bytes.drain(at..end)),
            (7..9, Some(_)) => {
                let part = bytes[at..end].to_vec();
                drop(bytes.splice(at..at, part.repeat(1 + below(*edit, 48, 4))));
            }
            (9, _) => bytes.truncate(at),
            (10, _) => {
                let other = good[below(*edit, 40, good.len())];
                let from = below(*edit, 48, other.len());
                let part = &other[from..(from + below(*edit, 32, 64)).min(other.len())];
                drop(bytes.splice(at..at, part.iter().copied()));
            }
            _ => drop(bytes.splice(at..at, token(*edit).bytes())),
        }
    }
    bytes
}

fn token(edit: u64) -> &'static str {
    TOKENS[below(edit, 40, TOKENS.len())]
}

/// Bytes of any kind, or something that has a meaning.
fn noise(edit: u64) -> Vec<u8> {
    match edit & 1 {
        0 => token(edit).into(),
        _ => edit.to_le_bytes()[1..1 + below(edit, 4, 8)].to_vec(),
    }
}

/// Replaces, removes or doubles something in `value`.
fn change(value: &mut Value, edit: u64, strange: &[Value; 16]) {
    descend(value, edit >> 16, edit, strange);
}

/// The same, as deep as the bits of `path` lead.
fn descend(value: &mut Value, path: u64, edit: u64, strange: &[Value; 16]) {
    let (enough, step, rest) = (path.is_multiple_of(8), (path / 8) as usize, path / 8 / 7);
    match value {
        Value::Object(fields) if !enough && !fields.is_empty() => {
            let Some(key) = fields.keys().nth(step % fields.len()).cloned() else { return };
            match edit % 16 {
                0 => drop(fields.remove(&key)),
                _ => descend(&mut fields[&key], rest, edit, strange),
            }
        }
        Value::Array(items) if !enough && !items.is_empty() => {
            let index = step % items.len();
            match edit % 16 {
                1 => items.insert(index, items[index].clone()),
                _ => descend(&mut items[index], rest, edit, strange),
            }
        }
        Value::String(text) if edit % 16 < 6 => {
            *text = text.chars().skip(1).chain(token(edit).chars()).collect()
        }
        value => *value = strange[(edit / 16 % 16) as usize].clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    /// What a failing `run` says.
    fn said(run: impl Fn()) -> String {
        let panic = catch_unwind(AssertUnwindSafe(run)).expect_err("nothing panicked");
        panic.downcast_ref::<String>().cloned().unwrap_or_default()
    }

    #[test]
    fn what_panics_is_shown_small() {
        let said = said(|| texts(INPUTS, &["version: 1"], |text| assert!(!text.contains('{'))));
        assert!(said.contains("GITOPS_TEST_SEED=") && said.contains('{'), "{said}");
        let input = said.split('"').nth(1).unwrap_or_default();
        assert!(input.len() < 24, "{said}");
    }

    #[test]
    fn good_inputs_are_among_them_and_others() {
        let (good, noise, cut) = (Cell::new(0), Cell::new(0), Cell::new(0));
        texts(10_000, &["version: 1"], |text| {
            good.set(good.get() + u32::from(text == "version: 1"));
            noise.set(noise.get() + u32::from(!text.contains('v') && !text.is_empty()));
            cut.set(cut.get() + u32::from(text.starts_with("vers") && text.len() < 10));
        });
        assert!(good.get() > 500 && noise.get() > 1_000 && cut.get() > 100, "{good:?} {noise:?} {cut:?}");
    }

    #[test]
    fn every_place_of_a_value_is_changed() {
        let good = json!({"a": {"b": [{"c": "text"}]}, "d": 1});
        let counts = ["/a", "/a/b", "/a/b/0", "/a/b/0/c", "/d"].map(|pointer| {
            let count = Cell::new(0);
            values(10_000, std::slice::from_ref(&good), |value| {
                count.set(count.get() + u32::from(value.pointer(pointer) != good.pointer(pointer)));
            });
            count.get()
        });
        assert!(counts.iter().all(|count| *count > 100), "{counts:?}");
    }
}
