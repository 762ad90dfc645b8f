"""What counts as a secret, as personal data, as a licence, as a near duplicate."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeio_ops.dedup import THRESHOLD
from codeio_ops.dedup.exact import (
    clusters,
    near_duplicate_pairs,
    shingles,
)
from codeio_ops.ingest.allowed import PERMISSIVE
from codeio_ops.ingest.licence import header_licence, is_allowed, stated_licences
from codeio_ops.private_data import find_personal_data, find_secrets
from codeio_ops.release.splits import assign_splits

KEY_HEAD = "-----BEGIN RSA " + "PRIVATE KEY-----"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (f"a = 1\nkey = '{'AKIA' + 'J4T7QX2LMZ5B6VNR'}'", "AWS Access Key, line 2"),
        (f"{KEY_HEAD}\nMIIE", "Private Key, line 1"),
        ("t = '" + "ghp_" + "wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx" + "'", "GitHub Token, line 1"),
        ("ibm_key = '" + "a1B2" * 11 + "'", "IBM Cloud IAM Key, line 1"),
        ("AKC" + "p8Zq4Xw2Lm" + " ", "Artifactory Credentials, line 1"),
        ("t = '" + "xoxb-" + "1234-abcdef" + "'", "Slack Token, line 1"),
        ("t = '12345678:" + "aB3" * 11 + "xy'", "Telegram Bot Token, line 1"),
        ("k = '" + "0a" * 16 + "-us12'", "Mailchimp Access Key, line 1"),
        ("cloudant_key = '" + "ab" * 12 + "'", "Cloudant Credentials, line 1"),
        ("u = 'https://user:" + "hunter2hunter2@db.acme.io/x'", "Basic Auth Credentials, line 1"),
    ],
)
def test_secrets_of_a_known_form_are_found(text: str, kind: str) -> None:
    assert kind in list(find_secrets(text))


@pytest.mark.parametrize(
    "text",
    [
        "digest = 'd41d8cd98f00b204e9800998ecf8427e'",
        "password = input()",
        "alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'",
        "def f(token, secret_key):\n    return token + secret_key",
        "u = 'https://user:password@host'",
        "eyJhbGciOi.not-a-token",
    ],
)
def test_ordinary_code_holds_no_secret(text: str) -> None:
    assert list(find_secrets(text)) == []


@pytest.mark.parametrize(
    "text",
    [
        "# by jane.doe@acme-widgets.io",
        "host = '93.184.216.34'",
        "a\nx.y+z@mail.acme.org",
        "call +49 170 1234567",
        "tel = '+491701234567'",
        "4111-1111-1111-1111",
        "jane@corp.io",
        "contact: jane@corp.io",
        "# write to a.person@corp.io",
        "x = a @ b  # of k@corp.io",
        "y = P@self.style; mail = 'k@corp.io'",
        "def f(a):\r    return a@b.name  # x@y.org\r",
    ],
)
def test_personal_data_is_found(text: str) -> None:
    assert len(list(find_personal_data(text))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "user@example.com",
        "someone@host.test",
        "127.0.0.1 10.0.0.7 192.168.1.200",
        "version 1.2.3.4",
        "8.8.8.8",
        "999.999.1.1",
        "@decorator\nmatrix @ other",
        "# limit requests\n@st.cache()",
        "total +1000000007",
        "P = F@P@self.transition.T\ny = P@self.weights",
        "K = A@np.linalg.inv(B)",
        "M@v.copy()",
        "y = P@self.style",
        "f(a@self.zone)",
        "logo@3x.jpg",
        "y = 4111-1111-1111-1111",
        "noreply@acme.org git@host.acme.org a@users.noreply.github.com",
    ],
)
def test_what_belongs_to_nobody_is_not(text: str) -> None:
    assert list(find_personal_data(text)) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# SPDX-License-Identifier: GPL-2.0-only\nx = 1", ["GPL-2.0-only"]),
        ("# GNU General Public License, version 3", ["GPL-3.0"]),
        ("# under the GNU Affero\n# General Public License", ["AGPL"]),
        ("# the GNU Lesser General Public License; either version 2.1", ["LGPL-2.1"]),
        ("# Licensed under the MIT license.", []),
    ],
)
def test_licences_are_read_from_the_head_of_a_file(text: str, expected: list[str]) -> None:
    assert list(stated_licences(text)) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("MIT", True),
        ("GPL-3.0-only", False),
        ("GPL-2.0-only OR MIT", True),
        ("MIT AND GPL-2.0-only", False),
        ("(MIT OR Apache-2.0) AND LGPL-3.0-only", False),
        ("(MIT OR GPL-3.0-only) AND GPL-3.0-only", False),
        ("MIT AND (GPL-3.0-only OR AGPL-3.0-only)", False),
        ("MIT OR (GPL-3.0-only AND Zlib)", True),
        ("(MIT OR GPL-3.0-only) AND (ISC OR AGPL-3.0-only)", True),
        ("((mit)) or gpl-3.0-only", True),
        ("Apache-2.0+", True),
        ("MIT OR", False),
        ("MIT, Apache-2.0", False),
        ("LicenseRef-MIT", False),
        ("NOASSERTION", False),
        ("Apache-2.0 WITH LLVM-exception", True),
        ("", False),
    ],
)
def test_an_expression_is_allowed_when_it_can_be_met(expression: str, expected: bool) -> None:
    assert is_allowed(expression, PERMISSIVE) is expected


def test_the_allow_list_may_be_written_in_any_spelling() -> None:
    assert is_allowed("MIT", frozenset({"mit"}))
    assert is_allowed("GPL-3.0-or-later", frozenset({"gpl-3.0"}))
    assert not is_allowed("GPL-3.0-only", frozenset({"GPL-3.0-or-later"}))
    with_exception = frozenset({"gpl-2.0-only with classpath-exception-2.0"})
    assert is_allowed("GPL-2.0-only WITH Classpath-exception-2.0", with_exception)
    assert not is_allowed("GPL-2.0-only", with_exception)
    assert is_allowed("LicenseRef-House", frozenset({"licenseref-house"}))
    assert is_allowed("ISC or mit", frozenset({"ISC OR MIT"}))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# SPDX-License-Identifier: apache-2.0\n", "Apache-2.0"),
        ('"""SPDX-License-Identifier: MIT"""\n', "MIT"),
        ("# SPDX-License-Identifier: mit or apache-2.0\n", "MIT OR Apache-2.0"),
        ("x = 1  # SPDX-License-Identifier: (ISC)\n", "ISC"),
        ("/* SPDX-License-Identifier: MIT */\n", "MIT"),
        ("# SPDX-License-Identifier: MIT\n# SPDX-License-Identifier: ISC\n", "ISC AND MIT"),
        ("# SPDX-License-Identifier: MIT, GPL-3.0-only\n", "NOASSERTION"),
        ("# SPDX-License-Identifier: Proprietary\n", "NOASSERTION"),
        ("# SPDX-License-Identifier: GPL 3.0\n", "NOASSERTION"),
        ('# SPDX-License-Identifier: "GPL-3.0-only"\n', "GPL-3.0-only"),
        ("# spdx-licence-identifier : `MIT`.\n", "MIT"),
        ("# SPDX-License-Identifier: (MIT OR ISC) AND Zlib -->\n", "(MIT OR ISC) AND Zlib"),
        (
            "# SPDX-License-Identifier: Apache-2.0 with llvm-exception\r# x\r",
            "Apache-2.0 WITH LLVM-exception",
        ),
        ('HEAD = f"# SPDX-License-Identifier: {licence}"\n', ""),
        ('print("SPDX-License-Identifier: %s" % name)\n', ""),
        ('print("SPDX-License-Identifier: MIT")\n', ""),
        ("# the GNU Affero General Public License\n", "LicenseRef-AGPL"),
        ("# the GNU General Public License, version 3\n", "GPL-3.0-only"),
    ],
)
def test_ingest_and_the_gate_say_the_same_of_a_head(text: str, expected: str) -> None:
    stated = header_licence(text.encode())
    assert stated == expected
    for allowed in (PERMISSIVE, PERMISSIVE | {"NOASSERTION"}, frozenset({"GPL-3.0-only"})):
        passed = all(is_allowed(licence, allowed) for licence in stated_licences(text))
        assert passed is (not stated or is_allowed(stated, allowed))


TOKENS = ["a", "b", "c", "(", ")", "+", "=", "f", "g", "1"]
code = st.lists(st.sampled_from(TOKENS), max_size=25).map(" ".join)


@given(st.lists(code, max_size=12))
def test_near_duplicates_are_exactly_the_similar_pairs(codes: list[str]) -> None:
    sets = [shingles(text) for text in codes]
    expected = {
        (one, other)
        for other in range(len(codes))
        for one in range(other)
        if len(sets[one] & sets[other]) >= THRESHOLD * len(sets[one] | sets[other])
    }
    assert set(near_duplicate_pairs(enumerate(codes))) == expected


@given(st.lists(code, max_size=12), st.integers(0, 50))
def test_a_cluster_is_never_split(codes: list[str], percent: int) -> None:
    named = {UUID(int=number): text for number, text in enumerate(codes)}
    splits = assign_splits(named.items(), validation_percent=percent)
    for one, other in near_duplicate_pairs(named.items()):
        assert splits[one] == splits[other]
    assert clusters(named.items()).keys() == splits.keys()


def test_splits_do_not_depend_on_the_order() -> None:
    named = {UUID(int=number): f"def f{number}(): return {number} * x" for number in range(50)}
    backwards = reversed(named.items())
    assert assign_splits(named.items(), validation_percent=20) == assign_splits(
        backwards, validation_percent=20
    )


@given(st.uuids(), st.integers(0, 50), st.integers(0, 50))
def test_a_larger_validation_share_only_adds_programs(program: UUID, one: int, two: int) -> None:
    small, large = sorted((one, two))
    named = {program: "def f(): return 1"}
    if assign_splits(named.items(), validation_percent=small)[program] == "validation":
        assert assign_splits(named.items(), validation_percent=large)[program] == "validation"
    assert assign_splits(named.items(), validation_percent=0)[program] == "train"


def test_about_the_share_asked_for_is_validation() -> None:
    named = {UUID(int=n << 100): f"def f{n}(a{n}): return a{n} + {n}" for n in range(2000)}
    held = list(assign_splits(named.items(), validation_percent=20).values()).count("validation")
    assert 300 < held < 500
