//! The socket's clock: what a client may take to read, and to send a head.

use std::{
    future::Future,
    io,
    pin::Pin,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use hyper::rt::{Sleep, Timer};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

/// A stream whose reader must keep up.
///
/// Once the socket takes no more, at least `min_bytes_per_second` must go out over each `window`; a client that does not
/// read, or reads a few bytes a second, is cut off. What the kernel buffers counts as sent, so the bound holds from the
/// moment its buffer is full. It is looked at whenever the connection is polled, at least once a [`super::connection::TICK`].
#[derive(Debug)]
pub(super) struct PacedStream {
    stream: TcpStream,
    window: Duration,
    min_bytes: u64,
    /// Set while the socket takes nothing more.
    blocked: Option<Blocked>,
}

#[derive(Debug)]
struct Blocked {
    since: Instant,
    sent: u64,
}

impl PacedStream {
    pub(super) fn new(stream: TcpStream, window: Duration, min_bytes_per_second: u64) -> Self {
        Self {
            stream,
            window,
            min_bytes: min_bytes_per_second.saturating_mul(window.as_secs()).max(1),
            blocked: None,
        }
    }

    /// What a write came to: starts, judges or ends the watch.
    fn judge(&mut self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match (&written, &mut self.blocked) {
            (Poll::Ready(Ok(bytes)), Some(blocked)) => {
                blocked.sent += *bytes as u64;
                if blocked.sent >= self.min_bytes {
                    self.blocked = None;
                } else if blocked.since.elapsed() > self.window {
                    return Poll::Ready(Err(self.cut_off()));
                }
            }
            (Poll::Pending, Some(blocked)) if blocked.since.elapsed() > self.window => {
                return Poll::Ready(Err(self.cut_off()));
            }
            (Poll::Pending, None) => self.blocked = Some(Blocked { since: Instant::now(), sent: 0 }),
            _ => {}
        }
        written
    }

    /// Drops what the kernel still holds: closed in the ordinary way, it would be kept for as long as the client likes.
    fn cut_off(&self) -> io::Error {
        let reset = socket2::SockRef::from(&self.stream).set_linger(Some(Duration::ZERO));
        if let Err(error) = reset {
            tracing::debug!(%error, "a slow connection could not be reset");
        }
        io::Error::new(io::ErrorKind::TimedOut, "client reads too slowly")
    }
}

impl AsyncRead for PacedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for PacedStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.judge(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.judge(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // Everything was taken: the watch ends, or a client that was idle since would be judged by its last answer.
        self.blocked = None;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// Timers without the timer: a [`Sleep`] that only compares clocks when it is polled.
///
/// hyper arms one for every head it waits for. The connection is polled once a tick anyway, so that is when a deadline is
/// noticed, and no request pays for arming a timer.
#[derive(Debug, Clone, Copy)]
pub(super) struct TickTimer;

#[derive(Debug)]
struct TickSleep {
    deadline: Instant,
}

impl Timer for TickTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        self.sleep_until(Instant::now() + duration)
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep>> {
        Box::pin(TickSleep { deadline })
    }

    fn reset(&self, sleep: &mut Pin<Box<dyn Sleep>>, new_deadline: Instant) {
        *sleep = self.sleep_until(new_deadline);
    }
}

impl Future for TickSleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if Instant::now() >= self.deadline { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Sleep for TickSleep {}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::{
        io::AsyncWriteExt,
        net::{TcpListener, TcpStream},
    };

    use super::PacedStream;

    #[tokio::test]
    async fn a_reader_that_stops_is_cut_off() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let _reads_nothing = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (server, _) = listener.accept().await.unwrap();
        let mut stream = PacedStream::new(server, Duration::from_millis(50), 100);
        for _ in 0..10_000 {
            // Polled again and again, as a connection's tick does.
            if let Ok(Err(error)) =
                tokio::time::timeout(Duration::from_millis(10), stream.write_all(&[0; 16384])).await
            {
                assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
                return;
            }
        }
        panic!("never cut off");
    }
}
