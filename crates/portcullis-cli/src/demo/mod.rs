//! `portcullis demo`: the product on one screen.

mod app;
mod table;

use std::{io, net::SocketAddr, sync::mpsc, thread};

use clap::Args;
use portcullis_audit::{Options, Report, audit_url};
use portcullis_gate::{Config, Gate, Stop};

use crate::{
    Outcome, signal,
    terminal::{complain, print, say},
};

/// Options of `portcullis demo`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  portcullis demo --once\n\nExit codes: 0 shown, 3 could not be completed."
)]
pub(crate) struct Arguments {
    /// End after the table instead of serving on.
    #[arg(long)]
    once: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Outcome {
    match show(arguments.once) {
        Ok(()) => Outcome::Done,
        Err(error) => {
            complain(&error);
            Outcome::Incomplete
        }
    }
}

fn show(once: bool) -> Result<(), String> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed("no runtime"))?;
    let bare = app::start().map_err(failed("the sample app does not start"))?;
    say(&format!("A small app with the usual faults runs at http://{bare}. Auditing it ..."));
    let before = audit(&runtime, &format!("http://{bare}/"), &Options::default())?;

    let gate = start_gate(bare)?;
    let url = format!("https://localhost:{}/", gate.https.port());
    say(&format!("The same app behind a gate: {url} Auditing again ...\n"));
    let mut options = Options::default();
    options.extra_roots_pem = gate.certificate;
    options.http_port = Some(gate.http.port());
    let after = audit(&runtime, &url, &options)?;

    print(&table::render(&before, &after));
    if !once {
        say(&format!(
            "\nBare:        http://{bare}/\nBehind gate: {url} (a browser warns: its certificate was made just now)"
        ));
        say("Both go on serving, so that you can look. Stop with Ctrl-C.");
        let (stopped, stop) = mpsc::sync_channel(1);
        signal::on_stop(move || stopped.send(()).unwrap_or_default())
            .map_err(failed("signals cannot be received"))?;
        // An error means that the sender is gone, and so that nobody can stop this any more.
        let _ = stop.recv();
    }
    gate.stop.stop();
    let _ = gate.thread.join();
    Ok(())
}

fn audit(runtime: &tokio::runtime::Runtime, url: &str, options: &Options) -> Result<Report, String> {
    runtime.block_on(audit_url(url, options)).map_err(|error| error.to_string())
}

/// A gate that serves in a thread of its own.
struct RunningGate {
    https: SocketAddr,
    http: SocketAddr,
    certificate: String,
    stop: Stop,
    thread: thread::JoinHandle<()>,
}

fn start_gate(app: SocketAddr) -> Result<RunningGate, String> {
    let mut config = Config::before(format!("http://{app}"));
    // Free ports: the demo runs whatever else runs on this machine.
    for address in [&mut config.listen.https, &mut config.listen.http].into_iter().flatten() {
        address.set_port(0);
    }
    config.listen.workers = Some(1);
    let gate = Gate::bind(config).map_err(|error| error.to_string())?;
    let (Some(https), Some(http), Some(certificate)) =
        (gate.https(), gate.http(), gate.development_certificate())
    else {
        return Err("the gate does not listen".to_owned());
    };
    let certificate = certificate.to_owned();
    let (ready, started) = mpsc::sync_channel(1);
    let thread = thread::Builder::new()
        .name("gate".to_owned())
        .spawn(move || {
            if let Err(error) = gate.run(|stop| drop(ready.send(stop))) {
                complain(&error.to_string());
            }
        })
        .map_err(failed("no thread"))?;
    let stop = started.recv().map_err(|_| "the gate does not start".to_owned())?;
    Ok(RunningGate { https, http, certificate, stop, thread })
}

fn failed(what: &'static str) -> impl Fn(io::Error) -> String {
    move |error| format!("{what}: {error}")
}
