"""Texts that have to fit somewhere: what people need most stands at both ends. Pure functions, nothing imported."""


def fit(text: str, limit: int) -> str:
    """The text in `limit` bytes of UTF-8, cut in the middle if it has more."""
    content = text.encode()
    if len(content) <= limit:
        return text
    note = f"\n[... {len(content) - limit} bytes are left out here; the container's log has them ...]\n"
    half = (limit - len(note)) // 2
    return content[:half].decode(errors="ignore") + note + content[-half:].decode(errors="ignore")
