"""Every screen of the caller's page, one after another, as a phone of 360 × 740 shows it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

from playwright.async_api import BrowserContext, Page

from relay.model.call import TOPICS
from relay.video.port import PublisherChange
from tests.browser.call_stage import IN_APP, Stage, at, until

IOS = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
    " Version/17.0 Mobile/15E148 Safari/604.1"
)
ANDROID = (
    "Mozilla/5.0 (Linux; Android 14; Pixel 7) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/126.0 Mobile Safari/537.36"
)
PHONES = {"other": None, "ios": IOS, "android": ANDROID}
FAILING = "navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', '%s'); }"
TROUBLES = {"no-camera": "NotFoundError", "busy": "NotReadableError", "denied": "NotAllowedError"}
Screens = AsyncIterator[tuple[str, Page]]


async def a_context(stage: Stage, user_agent: str | None = None) -> BrowserContext:
    more = {"user_agent": user_agent} if user_agent else {}
    return await stage.browser.new_context(
        viewport={"width": 360, "height": 740}, locale="ja-JP", permissions=["camera"], **more
    )


async def all_screens(stage: Stage, language: str) -> Screens:
    """Name and page of each; look before asking for the next."""
    async for one in the_way(stage, language):
        yield one
    async for one in the_troubles(stage, language):
        yield one
    async for one in the_dead_ends(stage, language):
        yield one


async def comes_back_having_used(page: Page, n_bytes: int) -> None:
    """Load the page anew; what it has used is set before its own script, which may still write it until it goes."""
    await page.add_init_script(f"sessionStorage.setItem('kyumei-used', '{n_bytes} 1')")
    await page.reload()


async def the_way(stage: Stage, language: str) -> Screens:
    """From the link to thanks."""
    context = await a_context(stage)
    page = await stage.page(context)
    await page.goto(await stage.link(language))
    await at(page, "start")
    yield "start", page
    await page.click("button.go")
    await at(page, "live")
    stage.world.plane.tell(UUID(stage.desk.call), PublisherChange.LIVE)
    await until(page, "!/ 0 \\//.test(document.querySelector('.s small').innerText)")
    yield "live", page
    for topic in TOPICS:
        await stage.desk.post("guidance", {"topic": topic}, 200)
        await page.wait_for_selector(f"[data-topic='{topic}'] h1")
        yield topic, page
        await page.set_viewport_size({"width": 360, "height": 640})  # with the browser's own bars
        yield f"{topic}-640", page
        await page.set_viewport_size({"width": 360, "height": 740})
    await stage.desk.post("guidance", {"topic": None}, 200)
    await comes_back_having_used(page, 60_100_000)
    await at(page, "cap")
    yield "cap", page
    stage.world.plane.broken = True
    await comes_back_having_used(page, 1_200_000)
    await until(page, "document.querySelector('.s')?.dataset.text?.includes('live.stills')")
    yield "stills", page
    stage.world.plane.broken = False
    await stage.desk.post("end", status=200)
    await at(page, "end")
    yield "end", page
    await context.close()
    await stage.new_call()


async def the_troubles(stage: Stage, language: str) -> Screens:
    """The camera that is asked for, denied, missing, in use; a browser that has none."""
    for name, agent in PHONES.items():
        context = await a_context(stage, agent)
        url = await stage.link(language)
        for trouble, error in TROUBLES.items():
            if trouble != "denied" and name != "other":
                continue
            page = await stage.page(context)
            await page.add_init_script(FAILING % error)
            await page.goto(url)
            await page.click("button.go")
            await at(page, trouble)
            yield (f"denied-{name}" if trouble == "denied" else trouble), page
            await page.close()
        if name == "other":
            page = await stage.page(context)
            await page.add_init_script(
                "navigator.mediaDevices.getUserMedia = () => new Promise(() => {})"
            )
            await page.goto(url)
            await page.click("button.go")
            await at(page, "ask")
            yield "ask", page
        await context.close()
    context = await a_context(stage, IN_APP)
    page = await stage.page(context)
    await page.add_init_script("delete Navigator.prototype.mediaDevices")
    await page.goto(await stage.link(language))
    await at(page, "in-app")
    yield "in-app", page
    await context.close()


async def the_dead_ends(stage: Stage, language: str) -> Screens:
    """A line that does not stand yet, another's link, a link that is over."""
    url = await stage.link(language)
    first, second = await a_context(stage), await a_context(stage)
    page = await stage.page(first)
    await page.route("**/live/api/redeem", lambda route: route.abort())
    await page.goto(url)
    await at(page, "wait")
    yield "wait", page
    await page.unroute("**/live/api/redeem")
    await at(page, "start")
    other = await stage.page(second)
    await other.goto(url)
    await at(other, "other")
    yield "other", other
    await stage.desk.post("revoke", status=200)
    await at(page, "gone")
    yield "gone", page
    await first.close()
    await second.close()
