//! The certificate of `mock --tls`: one that is given, or one that is made here and kept.
//!
//! What is made is an authority that vouches for one certificate and is then forgotten: its own key is written nowhere, so
//! that whoever trusts it trusts nothing but this mock.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io};

use conformance_mock::Tls;
use conformance_source::Diagnostic;
use jiff::{Span, Timestamp, tz::TimeZone};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};

use crate::{args, state};

/// How long a certificate is used before another one is made. Some systems accept none that is valid for more than 825 days.
const RENEWED_AFTER: Duration = Duration::from_secs(365 * 24 * 60 * 60);
const VALID_DAYS: i64 = 730;
/// The names by which a machine knows itself.
const OWN_NAMES: [&str; 5] = ["localhost", "*.localhost", "127.0.0.1", "::1", "host.docker.internal"];

/// A certificate, and what clients are to trust for it.
pub struct Certificate {
    pub tls: Tls,
    /// The file of the authority that was made for it; none for a certificate that was given.
    pub authority: Option<PathBuf>,
}

/// What the arguments ask for; none where the mock speaks plain HTTP.
///
/// # Errors
/// When files cannot be read, written, or are no certificate and its key.
pub fn of(args: &args::Mock) -> Result<Option<Certificate>, Diagnostic> {
    match (&args.tls_cert, &args.tls_key) {
        (Some(certificate), Some(key)) => {
            let tls = Tls::from_pem(&read(certificate)?, &read(key)?);
            let tls = tls.map_err(|why| Diagnostic::general(format!("{}: {why}", certificate.display())))?;
            Ok(Some(Certificate { tls, authority: None }))
        }
        _ if args.tls => own(&args.host).map(Some),
        _ => Ok(None),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Diagnostic> {
    fs::read(path).map_err(|error| Diagnostic::general(format!("cannot read {}: {error}", path.display())))
}

/// The one of this machine, made where there is none yet.
fn own(host: &str) -> Result<Certificate, Diagnostic> {
    let Some(folder) = state::certificates() else {
        let wrong = Diagnostic::general("--tls: there is no folder to keep a certificate in");
        return Err(wrong.with_help("name one by CONFORMANCE_STATE_DIR, or give a certificate: --tls-cert, --tls-key"));
    };
    let mut names: Vec<&str> = OWN_NAMES.to_vec();
    let host = host.trim_matches(['[', ']']);
    if !names.contains(&host) {
        names.push(host);
    }
    let kept = Kept { folder: folder.join(host.replace(':', "-")) };
    let unusable = |why: String| Diagnostic::general(format!("--tls: {}: {why}", kept.folder.display()));
    if !kept.is_fresh() {
        kept.make(&names).map_err(|why| unusable(format!("no certificate could be made: {why}")))?;
    }
    let tls = Tls::from_pem(&read(&kept.path("certificate.pem"))?, &read(&kept.path("key.pem"))?)
        .map_err(|why| unusable(why).with_help("remove the folder, and another certificate is made"))?;
    Ok(Certificate { tls, authority: Some(kept.path("authority.pem")) })
}

/// A certificate in its folder.
struct Kept {
    folder: PathBuf,
}

impl Kept {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn is_fresh(&self) -> bool {
        let age = fs::metadata(self.path("key.pem")).and_then(|one| one.modified()).ok().map(|made| made.elapsed());
        age.is_some_and(|age| age.is_ok_and(|age| age < RENEWED_AFTER))
    }

    fn make(&self, names: &[&str]) -> Result<(), Box<dyn std::error::Error>> {
        let mut authority = params(Vec::new())?;
        authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        authority.distinguished_name.push(DnType::CommonName, "conformance mock (this machine only)");
        let authority_key = KeyPair::generate()?;
        let authority_certificate = authority.self_signed(&authority_key)?;
        let mut own = params(names.iter().map(|name| (*name).to_owned()).collect())?;
        own.distinguished_name.push(DnType::CommonName, "conformance mock");
        own.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate()?;
        let certificate = own.signed_by(&key, &Issuer::new(authority, authority_key))?;
        // Several mocks may start at once: each sees all files of one certificate, or none.
        let made = Self { folder: self.folder.with_extension(format!("new-{}", std::process::id())) };
        fs::create_dir_all(&made.folder)?;
        write(&made.path("authority.pem"), &authority_certificate.pem())?;
        write(&made.path("certificate.pem"), &certificate.pem())?;
        write(&made.path("key.pem"), &key.serialize_pem())?;
        if self.folder.exists() && !self.is_fresh() {
            fs::remove_dir_all(&self.folder)?;
        }
        let placed = fs::rename(&made.folder, &self.folder);
        if placed.is_err() {
            fs::remove_dir_all(&made.folder)?;
        }
        // Another one was quicker, and its certificate serves as well.
        if self.is_fresh() { Ok(()) } else { Ok(placed?) }
    }
}

/// What a certificate for these names says, from yesterday on.
fn params(names: Vec<String>) -> Result<CertificateParams, Box<dyn std::error::Error>> {
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    let now = Timestamp::now().to_zoned(TimeZone::UTC);
    let date = |days: i64| -> Result<_, jiff::Error> {
        let day = now.checked_add(Span::new().days(days))?;
        let (month, day_of_month) = (u8::try_from(day.month()).unwrap_or(1), u8::try_from(day.day()).unwrap_or(1));
        Ok(rcgen::date_time_ymd(i32::from(day.year()), month, day_of_month))
    };
    (params.not_before, params.not_after) = (date(-1)?, date(VALID_DAYS)?);
    Ok(params)
}

/// Writes a file for its owner alone.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(text.as_bytes())
}
