//! Redirects are never followed: they are put into words instead.

use reqwest::Url;

use crate::model::attempt::{ErrorKind, SourceError};

/// The error a redirect stands for. It names the fix where the only change is an added slash or
/// https, and never quotes more of the target than its host.
pub(super) fn refused(status: u16, asked: &Url, location: Option<&str>) -> SourceError {
    let target = location.and_then(|location| asked.join(location).ok());
    let advice = target.map_or_else(
        || "check the address".to_owned(),
        |target| advice(asked, &target),
    );
    SourceError::new(
        ErrorKind::Config,
        format!("status {status}: redirects are not followed; {advice}"),
    )
    .with_status(status)
}

fn advice(asked: &Url, target: &Url) -> String {
    let same_host = asked.host_str() == target.host_str();
    let slash = target.path() == format!("{}/", asked.path());
    let same_path = target.path() == asked.path();
    let https = asked.scheme() == "http" && target.scheme() == "https";
    let same_port = https || asked.port_or_known_default() == target.port_or_known_default();
    // A proxy in front of the vendor may name the wrong scheme or port; the slash is the news.
    if same_host && slash {
        return "fix the path setting: it lacks the slash at the end".to_owned();
    }
    if same_host && same_path && https {
        return "fix the url setting: use https://".to_owned();
    }
    if same_host && same_port {
        return "another path is wanted, check the url and path settings".to_owned();
    }
    let host = target.host_str().unwrap_or("an address without a host");
    format!("it points to {host}, check the url setting")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_names_its_fix() {
        let cases = [
            ("http://h.test/a/?x=1", "lacks the slash"),
            ("/a/", "lacks the slash"),
            ("https://h.test/a", "use https://"),
            (
                "https://u:pw@login.test/sso?token=t0p",
                "points to login.test,",
            ),
            ("/login", "another path is wanted"),
        ];
        let asked = Url::parse("http://h.test/a?x=1").unwrap();
        for (location, words) in cases {
            let error = refused(301, &asked, Some(location));
            assert_eq!((error.kind, error.status), (ErrorKind::Config, Some(301)));
            assert!(
                error.message.contains(words),
                "{location}: {}",
                error.message
            );
            assert!(!error.message.contains("pw") && !error.message.contains("t0p"));
        }
        assert!(refused(302, &asked, None).message.contains("status 302"));
    }
}
