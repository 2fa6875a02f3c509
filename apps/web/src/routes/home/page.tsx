import { createLazyRoute } from "@tanstack/react-router";
import { Page } from "../../ui/page.tsx";

export const route = createLazyRoute("/signed-in/framed/")({ component: HomePage });

function HomePage() {
	return <Page title="Dashboard">{null}</Page>;
}
