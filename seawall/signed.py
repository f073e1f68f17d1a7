"""What stands in a journal of a word that somebody signed: the very words, and the signature over them.

Anybody can check it later without Seawall: the words to a file, `ssh-keygen -Y verify` (docs/approvals.md).
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from seawall.model import Frozen, Name


class Signed(Frozen):
    """Words that were signed.

    Attributes:
        statement: what was signed, to the byte, as UTF-8: canonical JSON (`seawall.statements`).
        signature: armored, in OpenSSH's SSHSIG format.
    """

    statement: Annotated[str, Field(max_length=48 * 1024)]
    signature: Annotated[str, Field(max_length=16 * 1024)]


class Heard(Frozen):
    """A telephone code that somebody heard and typed: an attestation, weaker than a signature.

    Attributes:
        sheet: which printed sheet it stands on; `number` is which code of it.
        proof: what only somebody who knows the code can work out; it is good for this one time.
        by: who heard it. They have signed for that.
    """

    sheet: Annotated[str, Field(pattern=r"^[a-z0-9]{4,16}$")]
    number: Annotated[int, Field(ge=1, le=99)]
    proof: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    by: Name
