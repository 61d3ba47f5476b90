//! Delivery into a Maildir: written in `tmp/`, renamed into `new/` when complete.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// A folder with `tmp/`, `new/` and `cur/`.
#[derive(Debug)]
pub struct Maildir {
    root: PathBuf,
    host: String,
    delivered: u64,
    durable: bool,
}

impl Maildir {
    /// Opens or makes one. `durable`: a message counts as delivered once it is on the disk, so that the original
    /// may be deleted.
    ///
    /// # Errors
    /// As the operating system says.
    pub fn open(root: &Path, durable: bool) -> io::Result<Self> {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        for folder in ["tmp", "new", "cur"] {
            builder.create(root.join(folder))?;
        }
        Ok(Self { root: root.into(), host: host_name(), delivered: 0, durable })
    }

    /// Begins a message.
    ///
    /// # Errors
    /// As the operating system says.
    pub fn draft(&mut self) -> io::Result<Draft> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.delivered += 1;
        // time, microseconds, process, how many before, host: unique, as https://cr.yp.to/proto/maildir.html wants
        let (seconds, micros) = (now.as_secs(), now.subsec_micros());
        let name = format!("{seconds}.M{micros:06}P{}Q{}.{}", std::process::id(), self.delivered, self.host);
        let tmp = self.root.join("tmp").join(&name);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = BufWriter::new(options.open(&tmp)?);
        Ok(Draft { file, tmp, target: self.root.join("new").join(name), durable: self.durable, done: false })
    }
}

/// A message that is being written. Dropped before it was [delivered](Draft::deliver), it is removed.
#[derive(Debug)]
pub struct Draft {
    file: BufWriter<File>,
    tmp: PathBuf,
    target: PathBuf,
    durable: bool,
    done: bool,
}

impl Draft {
    /// The message is complete.
    ///
    /// # Errors
    /// As the operating system says. The message is not there then.
    pub fn deliver(mut self) -> io::Result<()> {
        self.file.flush()?;
        if self.durable {
            self.file.get_ref().sync_all()?;
        }
        fs::rename(&self.tmp, &self.target)?;
        self.done = true;
        match self.target.parent() {
            // the name, too, must be on the disk
            Some(folder) if self.durable && cfg!(unix) => File::open(folder)?.sync_all(),
            _ => Ok(()),
        }
    }
}

impl Write for Draft {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.file.write(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.done {
            let _ = fs::remove_file(&self.tmp);
        }
    }
}

/// The name of this machine, as far as it can stand in a file name.
fn host_name() -> String {
    let name =
        fs::read_to_string("/proc/sys/kernel/hostname").or_else(|_| fs::read_to_string("/etc/hostname"));
    let name = name.unwrap_or_default();
    let name: String =
        name.trim().chars().filter(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c)).collect();
    if name.is_empty() { "localhost".to_owned() } else { name }
}
