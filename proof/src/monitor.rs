//! The commands that a Redis receives, as `MONITOR` shows them.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpStream,
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

/// Watches until it is dropped.
pub struct Monitor {
    commands: Arc<Mutex<Vec<Vec<String>>>>,
    port: u16,
}

impl Monitor {
    pub fn on(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).expect("Redis listens");
        (&stream).write_all(b"MONITOR\r\n").expect("it takes commands");
        let commands = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&commands);
        let (ready, is_ready) = std::sync::mpsc::sync_channel(1);
        thread::spawn(move || {
            let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
            assert_eq!(lines.next().as_deref(), Some("+OK"));
            ready.send(()).expect("somebody waits");
            for line in lines {
                seen.lock().expect("nobody panicked").push(words(&line));
            }
        });
        is_ready.recv_timeout(Duration::from_secs(10)).expect("Redis is watched");
        Self { commands, port }
    }

    /// The commands since the last call: those of other connections than the one that asks where they end.
    pub fn take(&self) -> Vec<Vec<String>> {
        // What a connection of our own says now stands behind everything said before.
        let mut mark = TcpStream::connect(("127.0.0.1", self.port)).expect("Redis listens");
        mark.write_all(b"ECHO end-of-what-was-said\r\n").expect("it takes commands");
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(10) {
            let mut commands = self.commands.lock().expect("nobody panicked");
            if commands
                .last()
                .is_some_and(|command| command.last().is_some_and(|word| word == "end-of-what-was-said"))
            {
                commands.pop();
                return std::mem::take(&mut commands);
            }
            drop(commands);
            thread::sleep(Duration::from_millis(1));
        }
        panic!("MONITOR has fallen silent");
    }
}

/// `+1339518083.107412 [0 127.0.0.1:60866] "SET" "key" "a \"value\""`
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let (_, mut rest) = line.split_once("] ").unwrap_or_default();
    while let Some(text) = rest.strip_prefix('"') {
        let mut word = Vec::new();
        let mut bytes = text.bytes().enumerate();
        let end = loop {
            match bytes.next() {
                None => return words,
                Some((end, b'"')) => break end,
                Some((_, b'\\')) => match bytes.next().map(|(_, byte)| byte) {
                    Some(b'x') => {
                        let hex: String = bytes.by_ref().take(2).map(|(_, byte)| char::from(byte)).collect();
                        word.push(u8::from_str_radix(&hex, 16).expect("two digits"));
                    }
                    Some(b'n') => word.push(b'\n'),
                    Some(b'r') => word.push(b'\r'),
                    Some(b't') => word.push(b'\t'),
                    Some(other) => word.push(other),
                    None => return words,
                },
                Some((_, byte)) => word.push(byte),
            }
        };
        words.push(String::from_utf8_lossy(&word).into_owned());
        rest = text.get(end + 1..).unwrap_or_default().trim_start();
    }
    words
}
