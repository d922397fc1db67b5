//! weft.h from Rust, by nothing but extern "C": rustc caller.rs -l weft_c -L <directory of libweft_c.so>

use std::ffi::{c_char, c_int, c_void, CStr};
use std::io::{Read, Write};
use std::os::fd::{FromRawFd, IntoRawFd};
use std::os::unix::net::UnixStream;
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicU64, Ordering};

type Handle = i64;
type Function = extern "C" fn(*mut c_void) -> i64;
const FOREVER: i64 = -1;
const NONE: Handle = 0;
const TIMED_OUT: i64 = -20;
const CLOSED: i64 = -22;
const STALE: i64 = -2;

#[repr(C)]
struct SpawnOptions {
    size: u32,
    flags: u32,
    stack_size: u64,
    name: *const c_char,
}

#[repr(C)]
struct SelectArm {
    operation: i32,
    result: i32,
    what: Handle,
    time: i64,
    value: *mut c_void,
}
const RECEIVE: i32 = 1;
const WAIT: i32 = 3;

#[link(name = "weft_c")]
extern "C" {
    fn weft_start(options: *const c_void) -> c_int;
    fn weft_stop() -> c_int;
    fn weft_spawn(function: Function, argument: *mut c_void, options: *const SpawnOptions) -> Handle;
    fn weft_fiber_join(fiber: Handle, result: *mut i64, timeout: i64, cancel: Handle) -> c_int;
    fn weft_tcp_listen(address: *const c_char, options: *const c_void) -> Handle;
    fn weft_tcp_connect(address: *const c_char, timeout: i64, cancel: Handle) -> Handle;
    fn weft_accept(listener: Handle, timeout: i64, cancel: Handle) -> Handle;
    fn weft_local_address(socket: Handle, buffer: *mut c_char, size: usize) -> i64;
    fn weft_read(stream: Handle, buffer: *mut c_void, size: usize, timeout: i64, cancel: Handle) -> i64;
    fn weft_write_all(stream: Handle, data: *const c_void, size: usize, timeout: i64, cancel: Handle) -> i64;
    fn weft_close(any: Handle) -> c_int;
    fn weft_channel_create(capacity: usize) -> Handle;
    fn weft_channel_send(channel: Handle, value: *mut c_void, timeout: i64, cancel: Handle) -> c_int;
    fn weft_select(arms: *mut SelectArm, count: usize, timeout: i64, cancel: Handle) -> i64;
    fn weft_adopt(native: i64) -> Handle;
    fn weft_release(socket: Handle) -> i64;
}

static ECHOED: AtomicU64 = AtomicU64::new(0);

extern "C" fn echo(argument: *mut c_void) -> i64 {
    let peer = *unsafe { Box::from_raw(argument as *mut Handle) };
    let mut buffer = [0u8; 1024];
    loop {
        let n = unsafe { weft_read(peer, buffer.as_mut_ptr().cast(), buffer.len(), FOREVER, NONE) };
        if n <= 0 {
            unsafe { weft_close(peer) };
            return n;
        }
        ECHOED.fetch_add(n as u64, Ordering::Relaxed);
        unsafe { weft_write_all(peer, buffer.as_ptr().cast(), n as usize, FOREVER, NONE) };
    }
}

extern "C" fn serve(argument: *mut c_void) -> i64 {
    let listener = argument as *const Handle;
    let name = c"echo";
    let detached = SpawnOptions {
        size: std::mem::size_of::<SpawnOptions>() as u32,
        flags: 1,
        stack_size: 0,
        name: name.as_ptr(),
    };
    loop {
        let peer = unsafe { weft_accept(*listener, FOREVER, NONE) };
        if peer < 0 {
            return peer;
        }
        let boxed = Box::into_raw(Box::new(peer));
        assert_eq!(unsafe { weft_spawn(echo, boxed.cast(), &detached) }, 0);
    }
}

fn talk(address: &CStr) {
    let server = unsafe { weft_tcp_connect(address.as_ptr(), FOREVER, NONE) };
    assert!(server > 0);
    let mut buffer = [0u8; 64];
    for i in 0..200u64 {
        let sent = i.to_le_bytes();
        let size = sent.len();
        unsafe {
            assert_eq!(weft_write_all(server, sent.as_ptr().cast(), size, FOREVER, NONE), 8);
            assert_eq!(weft_read(server, buffer.as_mut_ptr().cast(), buffer.len(), FOREVER, NONE), 8);
        }
        assert_eq!(buffer[..size], sent);
    }
    unsafe {
        assert_eq!(weft_read(server, buffer.as_mut_ptr().cast(), 1, 1_000_000, NONE), TIMED_OUT);
        assert_eq!(weft_close(server), 0);
        assert_eq!(weft_close(server) as i64, STALE);
    }
}

extern "C" fn send_boxes(argument: *mut c_void) -> i64 {
    for number in 0..100u64 {
        let boxed = Box::into_raw(Box::new(number));
        assert_eq!(unsafe { weft_channel_send(*(argument as *const Handle), boxed.cast(), FOREVER, NONE) }, 0);
    }
    100
}

/// A thread takes what a fiber sends, and sees the fiber end.
fn select() {
    unsafe {
        let mut channel = weft_channel_create(3);
        let fiber = weft_spawn(send_boxes, (&mut channel as *mut Handle).cast(), null());
        let mut arms = [
            SelectArm { operation: RECEIVE, result: 0, what: channel, time: 0, value: null_mut() },
            SelectArm { operation: WAIT, result: 0, what: fiber, time: 0, value: null_mut() },
        ];
        for number in 0..100u64 {
            // The fiber may have ended, and then what it sent is still inside.
            let count = if number < 96 { 2 } else { 1 };
            assert_eq!(weft_select(arms.as_mut_ptr(), count, FOREVER, NONE), 0);
            assert_eq!(*Box::from_raw(arms[0].value as *mut u64), number);
        }
        assert_eq!(weft_select(arms.as_mut_ptr(), 2, FOREVER, NONE), 1);
        let mut result = 0i64;
        assert_eq!(weft_fiber_join(fiber, &mut result, 0, NONE), 0);
        assert_eq!(result, 100);
        assert_eq!(weft_close(channel), 0);
    }
}

/// A stream of Rust's own goes to weft and comes back.
fn adopt() {
    let (mut ours, theirs) = UnixStream::pair().unwrap();
    let handle = unsafe { weft_adopt(theirs.into_raw_fd().into()) };
    assert_eq!(unsafe { weft_write_all(handle, b"weft".as_ptr().cast(), 4, FOREVER, NONE) }, 4);
    let mut theirs = unsafe { UnixStream::from_raw_fd(weft_release(handle) as i32) };
    theirs.write_all(b" and Rust").unwrap();
    drop(theirs);
    let mut text = String::new();
    ours.read_to_string(&mut text).unwrap();
    assert_eq!(text, "weft and Rust");
    assert_eq!(unsafe { weft_close(handle) } as i64, STALE);
}

fn main() {
    unsafe { assert_eq!(weft_start(null()), 0) };
    select();
    adopt();
    let mut listener = unsafe { weft_tcp_listen(c"127.0.0.1:0".as_ptr(), null()) };
    assert!(listener > 0);
    let mut text = [0 as c_char; 128];
    assert!(unsafe { weft_local_address(listener, text.as_mut_ptr(), text.len()) } > 0);
    let address = unsafe { CStr::from_ptr(text.as_ptr()) };
    let server = unsafe { weft_spawn(serve, (&mut listener as *mut Handle).cast(), null()) };
    std::thread::scope(|threads| {
        for _ in 0..4 {
            threads.spawn(|| talk(address));
        }
    });
    let mut result = 0i64;
    unsafe {
        assert_eq!(weft_close(listener), 0);
        assert_eq!(weft_fiber_join(server, &mut result, FOREVER, NONE), 0);
        assert!(result == CLOSED || result == STALE);
        assert_eq!(weft_fiber_join(server, null_mut(), FOREVER, NONE) as i64, STALE);
        assert_eq!(weft_stop(), 0);
    }
    assert_eq!(ECHOED.load(Ordering::Relaxed), 4 * 200 * 8);
}
