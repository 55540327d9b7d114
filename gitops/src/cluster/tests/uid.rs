//! When a cluster is asked for its UID, and who waits for the answer.

use super::*;

#[tokio::test]
async fn the_uid_is_asked_for_now_and_then() {
    let server = Server::new(None, ok(KUBE_SYSTEM)).await;
    let (clusters, connection, task) = (clusters(), server.plain(), task());
    let seen = || server.seen.lock().unwrap().len();
    for _ in 0..3 {
        clusters.connect(&task, Some(&connection)).await.unwrap();
        clusters.find(&task, Some(&connection)).await.unwrap().unwrap();
    }
    assert_eq!(seen(), 1);
    let another = Connection { uid: Some("33333333-4444".into()), ..connection.clone() };
    assert!(clusters.find(&task, Some(&another)).await.unwrap().is_none());
    later().await;
    let together = (0..10).map(|_| clusters.connect(&task, Some(&connection)));
    assert!(futures::future::join_all(together).await.iter().all(Result::is_ok));
    assert_eq!(seen(), 2, "who comes while one asks waits for the answer");
}

#[tokio::test]
async fn a_cluster_that_has_answered_is_asked_again_while_it_is_away() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let connection = Connection { host: Some(format!("http://{address}")), ..Connection::default() };
    // One answer, two connections that end without one, and then answers again.
    tokio::spawn(async move {
        for away in [false, true, true, false] {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = Vec::new();
            while !away && !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.unwrap());
            }
            if !away {
                let answer = ok(KUBE_SYSTEM).replacen("\r\n", "\r\nconnection: close\r\n", 1);
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        }
    });
    let (clusters, task) = (clusters(), task());
    let first = clusters.connect(&task, Some(&connection)).await.unwrap().uid().to_owned();
    later().await;
    assert_eq!(clusters.connect(&task, Some(&connection)).await.unwrap().uid(), first);
}

#[tokio::test]
async fn nobody_waits_in_line_behind_a_server_that_fails() {
    let (barrier, began) = (Arc::new(tokio::sync::Barrier::new(3)), Instant::now());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let met = barrier.clone();
    tokio::spawn(async move {
        drop(listener.accept().await); // the first is refused, and the others come together
        while let Ok((stream, _)) = listener.accept().await {
            let met = met.clone();
            tokio::spawn(async move {
                met.wait().await;
                drop(stream);
            });
        }
    });
    let connection = Connection { host: Some(format!("http://{address}")), ..Connection::default() };
    let (clusters, task) = (clusters(), task());
    let together = (0..4).map(|_| clusters.connect(&task, Some(&connection)));
    let answers = tokio::time::timeout(Duration::from_secs(20), futures::future::join_all(together)).await;
    assert!(answers.is_ok_and(|answers| answers.iter().all(Result::is_err)), "{:?}", began.elapsed());
}
