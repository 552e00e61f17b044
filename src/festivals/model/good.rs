//! Goods, their makers and variants.

use super::{Id, Names, PicturePath};

/// A good. It always has a maker, an address and a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Good {
    pub(in super::super) id: Id,
    pub(in super::super) names: Names,
    pub(in super::super) maker: Maker,
    pub(in super::super) certificate: String,
    pub(in super::super) picture: Option<PicturePath>,
    pub(in super::super) variants: Vec<Variant>,
}

impl Good {
    /// Names the good in drops and addresses.
    pub fn id(&self) -> &Id {
        &self.id
    }

    /// What people call it.
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// Who made it.
    pub fn maker(&self) -> &Maker {
        &self.maker
    }

    /// What attests its quality.
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    /// What it looks like.
    pub fn picture(&self) -> Option<&PicturePath> {
        self.picture.as_ref()
    }

    /// The kinds it comes in; empty if it comes in one.
    pub fn variants(&self) -> &[Variant] {
        &self.variants
    }
}

/// The maker of a good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Maker {
    pub(in super::super) names: Names,
    pub(in super::super) address: Names,
}

impl Maker {
    /// The maker's name.
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// The maker's postal address.
    pub fn address(&self) -> &Names {
        &self.address
    }
}

/// A kind of a good, with stock of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variant {
    pub(in super::super) id: Id,
    pub(in super::super) names: Names,
}

impl Variant {
    /// Names the variant within its good.
    pub fn id(&self) -> &Id {
        &self.id
    }

    /// What people call it.
    pub fn names(&self) -> &Names {
        &self.names
    }
}
