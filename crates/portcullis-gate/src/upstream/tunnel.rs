//! Bytes both ways, once both sides have agreed to speak something else (RFC 9110, section 7.8).

use std::time::Duration;

use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use portcullis::serve::ConnectionPlace;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split},
    sync::watch,
    time::timeout,
};

/// Connects the two sides until one ends or both are silent for `idle`. The connection keeps its place among those that
/// are counted.
pub(super) fn open(client: OnUpgrade, upstream: OnUpgrade, idle: Duration, place: Option<ConnectionPlace>) {
    tokio::spawn(async move {
        let _place = place;
        match tokio::try_join!(client, upstream) {
            Ok((client, upstream)) => carry(TokioIo::new(client), TokioIo::new(upstream), idle).await,
            Err(error) => tracing::debug!(%error, "an agreed upgrade did not come about"),
        }
    });
}

async fn carry<A, B>(client: A, upstream: B, idle: Duration)
where
    A: AsyncRead + AsyncWrite + Unpin,
    B: AsyncRead + AsyncWrite + Unpin,
{
    let (client_reads, client_writes) = split(client);
    let (upstream_reads, upstream_writes) = split(upstream);
    // A side that is silent while the other speaks is not idle.
    let (active, activity) = watch::channel(());
    let copies = async {
        tokio::join!(
            copy(client_reads, upstream_writes, &active),
            copy(upstream_reads, client_writes, &active)
        );
    };
    tokio::select! {
        () = copies => {}
        () = silence(activity, idle) => tracing::debug!("a tunnel was silent too long and is closed"),
    }
}

/// Ends with the stream or with an error; either way the other side is told that no more comes.
async fn copy<R: AsyncRead + Unpin, W: AsyncWrite + Unpin>(
    mut from: R,
    mut to: W,
    active: &watch::Sender<()>,
) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        active.send_replace(());
        let Some(bytes) = buffer.get(..length) else { break };
        if to.write_all(bytes).await.is_err() || to.flush().await.is_err() {
            break;
        }
    }
    let _ = to.shutdown().await;
}

async fn silence(mut activity: watch::Receiver<()>, idle: Duration) {
    while let Ok(Ok(())) = timeout(idle, activity.changed()).await {}
}
