//! Servers that do nothing, or next to nothing: a caller hears of it soon, however often it is tried. Servers that are
//! only slow are waited for.
//!
//! The limit is a second here; the one that users have is held to half a minute by the tests of the room itself.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests and what helps them")]

mod support;

use gitops::Secret;
use gitops::git::{Credentials, Edit, Error, Means, Repositories, Repository, Settings};
use gitops_acceptance_tests::git_server::{Fault, Kind, Service};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use support::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

/// The repository at `address`, whose server may be silent for so long.
fn impatient(address: SocketAddr, silence: Duration) -> Repository {
    let credentials = Credentials {
        username: Some("ci".to_owned()),
        token: Some(Secret::new(TOKEN.to_owned())),
        ..Credentials::default()
    };
    let prefix = format!("http://{address}/");
    let settings = Settings { credentials: [(prefix.clone(), credentials)].into(), ..Settings::default() };
    let repositories = Repositories::with(settings, Means { silence, ..Means::default() }).unwrap();
    repositories.open(&remote(&format!("{prefix}p.git"))).unwrap()
}

const SECOND: Duration = Duration::from_secs(1);

/// Reads until that works: a server that was silent is given less time, which may not do on a busy machine.
async fn recovers(repository: &Repository) {
    let read = async { while repository.read(&task()).await.is_err() {} };
    tokio::time::timeout(60 * SECOND, read).await.unwrap();
}

/// Silence is not tried four times.
#[tokio::test(flavor = "multi_thread")]
async fn a_silent_server_is_waited_for_once() {
    let rig = Rig::start().await;
    for service in [Service::AdvertiseUpload, Service::Upload, Service::AdvertiseReceive] {
        let repository = impatient(rig.server.address(), SECOND);
        rig.server.faults().push(Fault::always(service, Kind::Hang));
        let began = Instant::now();
        let error = repository.commit(&task(), change("a", vec![write("a", "1")])).await.unwrap_err();
        assert!(began.elapsed() < 3 * SECOND, "{service:?}: {:?}", began.elapsed());
        insta::allow_duplicates!(insta::assert_snapshot!(rig.report(&error), @"
        failed to reach the git repository `http://git.example/p.git`: the server did nothing for 1s
        Hint: Check the address, and that this machine reaches the server. Proxies are taken from HTTPS_PROXY and NO_PROXY.
        "));
        // Whoever comes next does not wait as long again.
        let began = Instant::now();
        repository.commit(&task(), change("a", vec![write("a", "1")])).await.unwrap_err();
        assert!(began.elapsed() < 3 * SECOND, "{service:?}: {:?}", began.elapsed());
        rig.server.faults().clear();
        recovers(&repository).await;
    }
    assert_eq!(rig.bare.commits().unwrap(), 1);
}

/// A push was sent, and there is no answer: it is looked for once more, and what nobody knows is said.
#[tokio::test(flavor = "multi_thread")]
async fn a_push_into_silence() {
    let rig = Rig::start().await;
    let repository = impatient(rig.server.address(), 5 * SECOND);
    rig.server.faults().push(Fault::always(Service::Receive, Kind::Hang));
    let began = Instant::now();
    let error = repository.commit(&task(), change("a", vec![write("a", "1")])).await.unwrap_err();
    assert!(began.elapsed() < 10 * SECOND, "{:?}", began.elapsed());
    let Error::Unknown { commit, .. } = &error else { panic!("{error:?}") };
    insta::assert_snapshot!(rig.report(&error).replace(commit.as_str(), "COMMIT"), @"
    it is unknown whether commit COMMIT reached the branch `main` of `http://git.example/p.git`: failed to reach the git repository `http://git.example/p.git`: the server did nothing for 5s
    Hint: Apply again: if the commit arrived, nothing is written twice.
    ");
    rig.server.faults().clear();
    recovers(&repository).await;
    landed(repository.commit(&task(), change("a", vec![write("a", "1")])).await);
    // It was carried out: the look finds it.
    rig.server.faults().push(Fault::always(Service::Receive, Kind::Mute));
    let commit = landed(repository.commit(&task(), change("a", vec![write("a", "2")])).await);
    assert_eq!((rig.bare.head().unwrap(), rig.bare.commits().unwrap()), (commit, 3));
}

/// A byte now and then is not silence, and no progress.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_drips() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(drip(stream));
        }
    });
    let began = Instant::now();
    let error = impatient(address, SECOND).read(&task()).await.map(drop).unwrap_err();
    assert!(began.elapsed() < 3 * SECOND, "{:?}", began.elapsed());
    insta::assert_snapshot!(error.to_string().replace(&address.to_string(), "git.example"), @"failed to reach the git repository `http://git.example/p.git`: the server is too slow: less than 64 KiB in 1s");
}

async fn drip(mut stream: TcpStream) {
    let mut request = [0; 4096];
    let _ = stream.read(&mut request).await;
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/x-git-upload-pack-advertisement\r\nTransfer-Encoding: chunked\r\n\r\n";
    let mut sent = stream.write_all(head.as_bytes()).await;
    while sent.is_ok() {
        tokio::time::sleep(SECOND / 20).await;
        sent = stream.write_all(b"1\r\nx\r\n").await;
    }
}

/// What a slow line takes of a push in a second, in bytes.
const RATE: usize = 1 << 20;

/// A line on which nothing gets lost, and everything takes its time. Its buffers are small, so that the push waits for it.
async fn slow_line(to: SocketAddr) -> SocketAddr {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(64 << 10).unwrap();
    socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let listener = socket.listen(16).unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let (mut from_client, mut to_client) = client.into_split();
            let (mut from_server, mut to_server) = TcpStream::connect(to).await.unwrap().into_split();
            tokio::spawn(async move { copy(&mut from_server, &mut to_client).await });
            tokio::spawn(async move {
                let mut part = vec![0; 64 << 10];
                while let Ok(read @ 1..) = from_client.read(&mut part).await {
                    tokio::time::sleep(SECOND.mul_f64(read as f64 / RATE as f64)).await;
                    to_server.write_all(&part[..read]).await.unwrap();
                }
            });
        }
    });
    address
}

/// A push may take as long as it likes while it moves, many times as long as a server may be silent.
#[tokio::test(flavor = "multi_thread")]
async fn a_large_push_over_a_slow_line() {
    let rig = Rig::start().await;
    let silence = 6 * SECOND;
    let repository = impatient(slow_line(rig.server.address()).await, silence);
    // Not compressible, so that the pack is as large as the files.
    let mut state = 1_u64;
    let mut next = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as u8
    };
    let noise = (0..2).map(|_| (0..6 * RATE).map(|_| next()).collect::<Vec<u8>>());
    let edits = noise.zip(["a", "b"]).map(|(content, name)| Edit::Write { path: path(name), content });
    let began = Instant::now();
    let commit = landed(repository.commit(&task(), change("large", edits.collect())).await);
    assert!(began.elapsed() > silence * 3 / 2, "{:?}: the line was not slow", began.elapsed());
    assert_eq!((rig.bare.head().unwrap(), rig.server.pushes()), (commit, 1));
}
