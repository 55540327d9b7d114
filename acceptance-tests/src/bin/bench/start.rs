//! A provider's start: from its process to its handshake line, as a CLI waits for it with every command, and the
//! memory it then has. TLS is on, as it always is: a client certificate is in the environment.

use crate::sample::{Samples, Unit};
use crate::setting::Setting;
use crate::table::{Goal, Row};
use base64::Engine as _;
use gitops_acceptance_tests::Program;
use std::path::Path;

/// What both CLIs say to every provider, so that it knows that no human started it.
const COOKIE: &str = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2";

/// Times and memory of one provider.
#[derive(Default)]
struct Starts {
    times: Samples,
    memory: Samples,
}

/// Two rows for each peer.
pub fn measure(setting: &Setting) -> Result<Vec<Row>, String> {
    if setting.peers.is_empty() {
        return Err("no Go providers; `acceptance-tests/lab/lab peers` builds them".to_owned());
    }
    let (case, certificate) = (setting.case("start"), certificate()?);
    let programs: Vec<_> =
        std::iter::once(&setting.provider).chain(setting.peers.iter().map(|peer| &peer.path)).collect();
    let start = |program: &Path, starts: &mut Starts| {
        let variables = [
            ("TF_PLUGIN_MAGIC_COOKIE", COOKIE),
            ("PLUGIN_PROTOCOL_VERSIONS", "5,6"),
            ("PLUGIN_CLIENT_CERT", &certificate),
            ("PLUGIN_MIN_PORT", "10000"),
            ("PLUGIN_MAX_PORT", "25000"),
        ];
        let begun = Program::new(program)
            .without_env("TF_")
            .envs(variables)
            .envs([("TMPDIR", case.dir())]) // where the socket lies
            .first_line(&case.dir().join("start"));
        let (running, line, took) = begun;
        // The sixth field is the server's certificate: without it there would be no TLS.
        let encrypted = line.trim_end().split('|').nth(5).is_some_and(|field| !field.is_empty());
        assert!(encrypted, "{} said `{}`", program.display(), line.trim_end());
        let memory = running.resident_memory();
        starts.times.add_time(took);
        starts.memory.add(memory.unwrap_or_else(|| panic!("{} ended", program.display())) as f64);
    };
    let mut all: Vec<Starts> = programs.iter().map(|_| Starts::default()).collect();
    programs.iter().for_each(|program| start(program, &mut Starts::default())); // from disk to memory
    for _ in 0..setting.starts {
        programs.iter().zip(&mut all).for_each(|(program, starts)| start(program, starts));
    }
    Ok(rows(setting, &all))
}

fn rows(setting: &Setting, all: &[Starts]) -> Vec<Row> {
    let Some((ours, theirs)) = all.split_first() else { return Vec::new() };
    let row = |what, unit, ours: &Samples, theirs: &Samples, most| Row::Measured {
        what,
        unit,
        ours: ours.clone(),
        theirs: Some(theirs.clone()),
        goal: Goal::Times(most),
    };
    let pairs = || setting.peers.iter().zip(theirs);
    let times = pairs().map(|(peer, theirs)| {
        row(format!("time to handshake, {peer}"), Unit::Seconds, &ours.times, &theirs.times, 0.1)
    });
    let memory = pairs().map(|(peer, theirs)| {
        row(format!("memory after it, {peer}"), Unit::Bytes, &ours.memory, &theirs.memory, 0.2)
    });
    times.chain(memory).collect()
}

/// A certificate as the CLIs make one for each start: self-signed, on P-521.
fn certificate() -> Result<String, String> {
    let made = || {
        let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P521_SHA512)?;
        rcgen::CertificateParams::new(["localhost".to_owned()])?.self_signed(&key)
    };
    let certificate = made().map_err(|error| format!("failed to make a certificate: {error}"))?;
    let text = base64::engine::general_purpose::STANDARD.encode(certificate.der());
    Ok(format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n"))
}
