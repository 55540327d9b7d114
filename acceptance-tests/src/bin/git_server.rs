//! `git-server`: a Git server for tests, over smart HTTP, with faults on demand.
//!
//! ```text
//! git-server --listen ADDR --root DIR [--user USER --password-file FILE] [--repository NAME]… [--fault FAULT]…
//! ```
//!
//! `--repository` makes a bare repository with one commit on `main` where there is none. `--fault` takes
//! `KIND[@SERVICE][*TIMES]`; more can be posted to `/_faults` while it runs.

use gitops_acceptance_tests::git_server::{Bare, Fault, Options, Server};
use std::error::Error;
use std::net::SocketAddr;
use std::path::PathBuf;

#[derive(Default)]
struct Arguments {
    listen: Option<SocketAddr>,
    root: PathBuf,
    user: Option<String>,
    password_file: Option<PathBuf>,
    repositories: Vec<String>,
    faults: Vec<Fault>,
}

fn arguments(mut given: impl Iterator<Item = String>) -> Result<Arguments, Box<dyn Error>> {
    let mut arguments = Arguments::default();
    while let Some(name) = given.next() {
        let value = given.next().ok_or_else(|| format!("{name} needs a value"))?;
        match name.as_str() {
            "--listen" => arguments.listen = Some(value.parse()?),
            "--root" => arguments.root = value.into(),
            "--user" => arguments.user = Some(value),
            "--password-file" => arguments.password_file = Some(value.into()),
            "--repository" => arguments.repositories.push(value),
            "--fault" => arguments.faults.push(Fault::parse(&value)?),
            _ => return Err(format!("{name} is not an option").into()),
        }
    }
    Ok(arguments)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments = arguments(std::env::args().skip(1))?;
    let listen = arguments.listen.ok_or("--listen ADDRESS is needed")?;
    let root = std::path::absolute(&arguments.root)?;
    for name in &arguments.repositories {
        if !root.join(name).exists() {
            Bare::seeded(&root.join(name))?;
        }
    }
    let credentials = match (arguments.user, arguments.password_file) {
        (Some(user), Some(file)) => Some((user, std::fs::read_to_string(file)?.trim_end().to_owned())),
        (None, None) => None,
        _ => return Err("--user and --password-file belong together".into()),
    };
    let server = Server::start(listen, Options { root, credentials, tls: None }).await?;
    arguments.faults.into_iter().for_each(|fault| server.faults().push(fault));
    server.forever().await;
    Ok(())
}
