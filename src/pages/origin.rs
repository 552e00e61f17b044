//! Whether a form was sent from our own pages. Browsers say so in `Sec-Fetch-Site`, which no
//! page of another site can set; older ones, and all of them over plain HTTP, send `Origin`.

use axum::http::{HeaderMap, header};

/// Whether this form post comes from our own pages, or was typed by its sender.
pub fn is_ours(headers: &HeaderMap) -> bool {
    let mut sites = headers.get_all("sec-fetch-site").iter().peekable();
    if sites.peek().is_some() {
        return sites.all(|site| site == "same-origin" || site == "none");
    }
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let (Some(origin), Some(host)) = (text(header::ORIGIN), text(header::HOST)) else {
        return false;
    };
    let ours = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
    ours.is_some_and(|ours| !ours.is_empty() && ours.eq_ignore_ascii_case(host))
}

/// Whether a browser says that a page of another site sent this. Programs say nothing of the kind.
pub fn is_elsewheres(headers: &HeaderMap) -> bool {
    let says = headers.contains_key("sec-fetch-site") || headers.contains_key(header::ORIGIN);
    says && !is_ours(headers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn only_our_own_pages_send_forms() {
        let ours = |pairs: &[(&'static str, &'static str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.append(*name, HeaderValue::from_static(value));
            }
            is_ours(&headers)
        };
        let (site, origin, host) = ("sec-fetch-site", "origin", "host");
        assert!(!is_elsewheres(&HeaderMap::new()), "programs say nothing");
        assert!(ours(&[(site, "same-origin")]));
        assert!(ours(&[(site, "none")]));
        assert!(ours(&[(origin, "http://fans.example:8080"), (host, "fans.example:8080")]));
        for bad in [
            &[][..],
            &[(site, "cross-site")],
            &[(site, "same-site")],
            &[(site, "same-origin"), (site, "cross-site")],
            &[(site, "cross-site"), (origin, "http://a"), (host, "a")],
            &[(origin, "http://evil.example"), (host, "fans.example")],
            &[(origin, "null"), (host, "null")],
            &[(origin, "http://"), (host, "")],
            &[(host, "fans.example")],
            &[(origin, "http://fans.example")],
        ] {
            assert!(!ours(bad), "{bad:?}");
        }
    }
}
