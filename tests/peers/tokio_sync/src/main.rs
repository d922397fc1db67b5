//! What tests/bench/compare_sync measures weft's fibers, channels and locks against: the same work,
//! written as one writes it with Tokio, under the names of weft_bench.
//!
//!     tokio_sync NAME/WORKERS[/CAPACITY] SECONDS
//!
//! prints the nanoseconds of one operation. Without arguments it lists the names.
//!
//! Tokio has no channel of many receivers and none without a buffer: such work is left out.

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, Mutex};
use tokio::task::{spawn, yield_now, JoinHandle};

const MILLION: usize = 1_000_000;

async fn yield_between_two(rounds: usize, _: usize) -> Duration {
    let done = Arc::new(AtomicBool::new(false));
    let seen = done.clone();
    let other = spawn(async move {
        while !seen.load(Ordering::Relaxed) {
            yield_now().await;
        }
    });
    let start = Instant::now();
    for _ in 0..rounds {
        yield_now().await;
    }
    let taken = start.elapsed();
    done.store(true, Ordering::Relaxed);
    other.await.unwrap();
    taken
}

async fn spawn_and_join(rounds: usize, _: usize) -> Duration {
    let start = Instant::now();
    for _ in 0..rounds {
        spawn(async {}).await.unwrap();
    }
    start.elapsed()
}

async fn spawn_then_join(count: usize, rounds: usize) -> Duration {
    let start = Instant::now();
    let mut all: Vec<JoinHandle<()>> = Vec::with_capacity(count);
    for _ in 0..rounds {
        all.extend((0..count).map(|_| spawn(async {})));
        for one in all.drain(..) {
            one.await.unwrap();
        }
    }
    start.elapsed()
}

async fn spawn_a_million_then_join(rounds: usize, _: usize) -> Duration {
    spawn_then_join(MILLION, rounds).await
}

async fn wait_group_of_a_hundred(rounds: usize, _: usize) -> Duration {
    spawn_then_join(100, rounds).await
}

async fn channel_one_to_one(rounds: usize, capacity: usize) -> Duration {
    let (sender, mut receiver) = mpsc::channel(capacity);
    let other = spawn(async move {
        let mut n = 0usize;
        while sender.send(n).await.is_ok() {
            n += 1;
        }
    });
    let start = Instant::now();
    for _ in 0..rounds {
        receiver.recv().await.unwrap();
    }
    let taken = start.elapsed();
    drop(receiver);
    other.await.unwrap();
    taken
}

async fn channel_uncontended(rounds: usize, _: usize) -> Duration {
    let (sender, mut receiver) = mpsc::channel(1);
    let start = Instant::now();
    for _ in 0..rounds {
        sender.try_send(1).unwrap();
        receiver.try_recv().unwrap();
    }
    start.elapsed()
}

async fn select_ready(rounds: usize, _: usize) -> Duration {
    let (ready, mut from_ready) = mpsc::channel(1);
    let (_never, mut from_never) = mpsc::channel::<usize>(1);
    let start = Instant::now();
    for n in 0..rounds {
        ready.try_send(n).unwrap();
        tokio::select! {
            _ = from_never.recv() => {}
            _ = from_ready.recv() => {}
        }
    }
    start.elapsed()
}

async fn select_two_waiting(rounds: usize, capacity: usize) -> Duration {
    let (one, mut from_one) = mpsc::channel(capacity);
    let (two, mut from_two) = mpsc::channel(capacity);
    let others = [one, two].map(|to| {
        spawn(async move {
            let mut n = 0usize;
            while to.send(n).await.is_ok() {
                n += 1;
            }
        })
    });
    let start = Instant::now();
    for _ in 0..rounds {
        tokio::select! {
            _ = from_one.recv() => {}
            _ = from_two.recv() => {}
        }
    }
    let taken = start.elapsed();
    drop((from_one, from_two));
    for other in others {
        other.await.unwrap();
    }
    taken
}

async fn mutex(rounds: usize, _: usize) -> Duration {
    let count = Mutex::new(0usize);
    let start = Instant::now();
    for _ in 0..rounds {
        *count.lock().await += 1;
    }
    start.elapsed()
}

async fn mutex_eight_fibers(rounds: usize, _: usize) -> Duration {
    let count = Arc::new(Mutex::new(0usize));
    let start = Instant::now();
    let all: Vec<_> = (0..8)
        .map(|f| {
            let count = count.clone();
            let share = (rounds + f) / 8;
            spawn(async move {
                for _ in 0..share {
                    *count.lock().await += 1;
                }
            })
        })
        .collect();
    for one in all {
        one.await.unwrap();
    }
    start.elapsed()
}

/// Calls `run` with ever more rounds until it takes long enough; nanoseconds of an operation, of
/// which a round has so many. The work runs in a task of its own: what block_on() calls itself is on
/// no worker.
fn measure<F, W>(runtime: &Runtime, seconds: f64, capacity: usize, operations: usize, run: F) -> f64
where
    F: Fn(usize, usize) -> W,
    W: Future<Output = Duration> + Send + 'static,
{
    let mut rounds = 1;
    loop {
        let taken = runtime
            .block_on(async { spawn(run(rounds, capacity)).await })
            .unwrap()
            .as_secs_f64();
        if taken >= seconds || rounds >= 1_000_000_000 {
            return taken * 1e9 / rounds as f64 / operations as f64;
        }
        let wanted = 1.2 * seconds / taken.max(1e-9) * rounds as f64;
        rounds = (wanted as usize).clamp(rounds + 1, 100 * rounds);
    }
}

fn fail(text: &str) -> ! {
    eprintln!("tokio_sync: {text}");
    std::process::exit(1)
}

fn number(text: &str) -> usize {
    text.parse()
        .unwrap_or_else(|_| fail(&format!("{text}: not a number")))
}

macro_rules! choose {
    ($chosen:expr, $runtime:expr, $seconds:expr, $capacity:expr; $($name:ident: $operations:expr),*) => {
        match $chosen {
            $(stringify!($name) => measure(&$runtime, $seconds, $capacity, $operations, $name),)*
            _ => fail("no such work; without arguments this lists the names"),
        }
    };
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.len() != 2 {
        println!(
            "channel_one_to_one\nchannel_uncontended\nmutex\nmutex_eight_fibers\nselect_ready\n\
             select_two_waiting\nspawn_a_million_then_join\nspawn_and_join\nwait_group_of_a_hundred\n\
             yield_between_two"
        );
        return;
    }
    let parts: Vec<&str> = arguments[0].split('/').collect();
    if parts.len() < 2 {
        fail("expected NAME/WORKERS[/CAPACITY]");
    }
    let seconds: f64 = arguments[1]
        .parse()
        .unwrap_or_else(|_| fail("SECONDS is not a number"));
    let capacity = parts.get(2).map_or(1, |text| number(text));
    if capacity == 0 {
        fail("Tokio has no channel without a buffer");
    }
    let runtime = Builder::new_multi_thread()
        .worker_threads(number(parts[1]).max(1))
        .build()
        .unwrap_or_else(|error| fail(&error.to_string()));
    let nanoseconds = choose!(parts[0], runtime, seconds, capacity;
        channel_one_to_one: 1,
        channel_uncontended: 1,
        mutex: 1,
        mutex_eight_fibers: 1,
        select_ready: 1,
        select_two_waiting: 1,
        spawn_a_million_then_join: MILLION,
        spawn_and_join: 1,
        wait_group_of_a_hundred: 100,
        yield_between_two: 2
    );
    println!("{nanoseconds:.3}");
}
