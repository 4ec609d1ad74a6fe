"""The pages of RDM's web site that show a project, a file or a wiki page to people."""

from urllib.parse import quote


def node_page(web_url: str, node_id: str) -> str:
    """Return the page of a project, component or registration; it ends with `/`."""
    return f"{web_url.rstrip('/')}/{node_id}/"


def file_page(node_link: str, provider: str, path: str) -> str:
    """Return the page of a file; `path` is its handle for requests and begins with `/`."""
    return f"{node_link}files/{provider}{quote(path)}"


def wiki_page(node_link: str, name: str) -> str:
    """Return the page of a page of the wiki."""
    return f"{node_link}wiki/{quote(name, safe='')}/"
