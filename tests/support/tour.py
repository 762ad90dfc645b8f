"""A person's tour of the pages in a real browser: logs in, reads, filters, follows links."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import ConsoleMessage, Frame, Page, expect, sync_playwright

PAGES = ("Overview", "Runs", "Gates", "Releases", "Samples", "Teachers", "Sandbox", "Sources")
THEMES = ("light", "dark")
TIMEOUT_MS = 60_000


expect.set_options(timeout=TIMEOUT_MS)


def chromium() -> str:
    """Return the path of Debian's chromium, or nothing."""
    return shutil.which("chromium") or ""


@dataclass(kw_only=True)
class Tour:
    """One visit of every page.

    Attributes:
        url: Address of Airflow.
        user: Who logs in.
        password: With what.
        screenshots: Directory for the pictures.
        complaints: What the browser's console said of our pages.
    """

    url: str
    user: str
    password: str
    screenshots: Path
    complaints: list[str] = field(default_factory=list)

    def take(self) -> None:
        """Walk through every page, in both themes, and leave pictures."""
        self.screenshots.mkdir(parents=True, exist_ok=True)
        for theme in THEMES:
            with self._browser(theme) as page:
                self._log_in(page)
                self._open_from_the_menu(page)
                self._visit_all(page, theme)
        with self._browser("light") as page:
            self._log_in(page)
            self._read_a_sample(page)
            self._read_the_evidence_of_a_gate(page)
            self._open_the_tab_of_a_run(page)
            self._look_at_each_in_a_narrow_window(page)

    def override(self, reason: str) -> None:
        """Answer what *Required Actions* asks: look at the evidence, then approve."""
        self.screenshots.mkdir(parents=True, exist_ok=True)
        with self._browser("light") as page:
            self._log_in(page)
            page.get_by_role("button", name="Browse").click()
            page.get_by_role("menuitem", name="Required Actions").click()
            open_ones = page.get_by_role("row", name=re.compile("Approval Required"))
            question = open_ones.get_by_role("link", name=re.compile("Only soft gates failed"))
            expect(question).to_be_visible()
            self._picture(page, "light-airflow-required-actions")
            question.click()
            evidence = page.get_by_role("link", name="expectations", exact=True)
            expect(evidence).to_be_visible()
            address = f"{self.url}{evidence.get_attribute('href')}"
            self._picture_whole(page, address, "light-gate-failed")
            self._read_data_docs(page, address)
            page.get_by_role("textbox").fill(reason)
            self._picture(page, "light-airflow-override")
            page.get_by_role("button", name="Approve").click()
            expect(page.get_by_text("Response received")).to_be_visible()

    def read_the_override(self, release: str, reason: str) -> None:
        """See the override where it counts: on the release, its card and its gate."""
        with self._browser("light") as page:
            self._log_in(page)
            page.goto(f"{self.url}/codeio/releases")
            page.get_by_role("link", name=release, exact=True).click()
            gates = page.get_by_role("region", name="Gates")
            expect(gates.get_by_role("row", name=re.compile("^expectations"))).to_contain_text(
                f"overridden by {self.user}"
            )
            expect(page.locator(".card")).to_contain_text("Gates that a person overrode")
            expect(page.locator(".card")).to_contain_text(reason)
            self._picture_whole(page, page.url, "light-release-overridden")
            page.get_by_role("link", name="expectations", exact=True).click()
            expect(page.get_by_text(reason)).to_be_visible()
            self._picture_whole(page, page.url, "light-gate-overridden")

    @contextmanager
    def _browser(self, theme: str) -> Iterator[Page]:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=chromium(), args=["--no-sandbox", "--disable-dev-shm-usage"]
            )
            page = browser.new_context(
                color_scheme="dark" if theme == "dark" else "light",
                viewport={"width": 1360, "height": 900},
            ).new_page()
            page.set_default_timeout(TIMEOUT_MS)
            page.on("console", self._hear)
            page.on("pageerror", lambda error: self.complaints.append(str(error)))
            page.add_init_script(f"localStorage.setItem('theme', '{theme}')")
            yield page
            browser.close()

    def _hear(self, message: ConsoleMessage) -> None:
        source = message.location.get("url", "")
        if message.type == "error" and "/codeio/" in source:
            self.complaints.append(f"{source}: {message.text}")

    def _log_in(self, page: Page) -> None:
        page.goto(self.url)
        page.get_by_label(re.compile("user", re.I)).fill(self.user)
        page.get_by_label(re.compile("password", re.I)).fill(self.password)
        page.get_by_role("button", name=re.compile("sign in", re.I)).click()
        page.wait_for_url(lambda url: "login" not in url)

    def _open_from_the_menu(self, page: Page) -> None:
        page.get_by_role("button", name="Browse").click()
        page.get_by_role("menuitem", name="CODE I/O").click()
        expect(page.frame_locator("iframe").get_by_role("heading", level=1)).to_have_text(
            "Overview"
        )

    def _visit_all(self, page: Page, theme: str) -> None:
        frame = page.frame_locator("iframe")
        for name in PAGES:
            frame.get_by_role("navigation", name="Pages of CODE I/O").get_by_role(
                "link", name=name, exact=True
            ).click()
            expect(frame.get_by_role("heading", level=1)).to_have_text(name)
            expect(frame.locator("html")).to_have_attribute("data-theme", theme)
            self._picture(page, f"{theme}-airflow-{name.lower()}")
            self._picture_whole(page, _inner(page).url, f"{theme}-{name.lower()}")

    def _read_a_sample(self, page: Page) -> None:
        page.goto(f"{self.url}/codeio/samples")
        page.get_by_label("First answer").select_option("wrong")
        page.get_by_label("Predicted").select_option("output")
        page.get_by_role("button", name="Filter").click()
        expect(page).to_have_url(re.compile("verdict=wrong"))
        rows = page.locator("tbody tr")
        expect(rows.first.locator("td").nth(2)).to_have_text("wrong")
        assert set(rows.locator("td:nth-child(4)").all_inner_texts()) == {"wrong"}
        page.get_by_role("link", name=re.compile("^Sample ")).first.click()
        for heading in ("Input", "Output", "Program", "Conversation", "Lineage"):
            expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible()
        self._picture_whole(page, page.url, "light-sample")
        steps = page.locator(".chain li")
        assert steps.count() >= 8
        steps.first.get_by_role("link").first.click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("ingest_code")
        expect(page.get_by_role("heading", name="Shards")).to_be_visible()
        self._picture_whole(page, page.url, "light-run")

    def _read_the_evidence_of_a_gate(self, page: Page) -> None:
        page.goto(f"{self.url}/codeio/gates")
        page.get_by_role("link", name="leakage").first.click()
        expect(page.get_by_role("heading", name="Evidence", exact=True)).to_be_visible()
        self._picture_whole(page, page.url, "light-gate")
        page.goto(f"{self.url}/codeio/releases")
        page.locator("tbody a").first.click()
        expect(page.get_by_role("heading", name="Files", exact=True).first).to_be_visible()
        self._picture_whole(page, page.url, "light-release")

    def _read_data_docs(self, page: Page, gate: str) -> None:
        docs = page.context.new_page()
        docs.on("console", self._hear)
        docs.goto(gate)
        docs.get_by_role("link", name="Data Docs of Great Expectations").click()
        expect(docs.get_by_text("Unsuccessful Expectations")).to_be_visible()
        docs.get_by_role("link", name="release", exact=True).click()
        expect(docs).to_have_url(re.compile("data_docs/expectations/release.html"))
        docs.go_back()
        docs.screenshot(path=self.screenshots / "light-data-docs.png", full_page=True)
        docs.get_by_role("link", name="Home").click()
        expect(docs.get_by_role("heading", name="Evidence", exact=True)).to_be_visible()
        docs.close()

    def _look_at_each_in_a_narrow_window(self, page: Page) -> None:
        page.set_viewport_size({"width": 390, "height": 844})
        for name in PAGES:
            page.goto(f"{self.url}/codeio/{name.lower()}")
            expect(page.get_by_role("heading", level=1)).to_have_text(name)
            assert page.evaluate("document.documentElement.scrollWidth") <= 390, name
            self._picture(page, f"narrow-{name.lower()}")

    def _open_the_tab_of_a_run(self, page: Page) -> None:
        page.goto(f"{self.url}/codeio/runs")
        page.get_by_role("row", name=re.compile("build_programs")).get_by_role("link").click()
        page.get_by_role("link", name="Open the run in Airflow").click()
        page.get_by_role("link", name="CODE I/O").click()
        frame = page.frame_locator("iframe")
        expect(frame.get_by_role("heading", level=1)).to_contain_text("build_programs")
        self._picture(page, "light-airflow-run-tab")

    def _picture(self, page: Page, name: str) -> None:
        page.screenshot(path=self.screenshots / f"{name}.png")

    def _picture_whole(self, page: Page, url: str, name: str) -> None:
        alone = page.context.new_page()
        alone.goto(url)
        alone.screenshot(path=self.screenshots / f"{name}.png", full_page=True)
        alone.close()


def _inner(page: Page) -> Frame:
    (frame,) = page.main_frame.child_frames
    assert "/codeio/" in frame.url, frame.url
    return frame


def main() -> None:
    """Tour the stack of `CODEIO_HOME`: `python -m support.tour DIRECTORY`."""
    import sys

    from codeio_ops.cli.clients import stack_state
    from codeio_ops.local import environment

    state = stack_state()
    tour = Tour(
        url=environment.airflow_url(state),
        user=environment.AIRFLOW_USER,
        password=state.secrets.airflow_admin_password,
        screenshots=Path(sys.argv[1]),
    )
    os.environ.setdefault("NO_PROXY", "127.0.0.1")
    tour.take()
    print(tour.complaints)


if __name__ == "__main__":
    main()
