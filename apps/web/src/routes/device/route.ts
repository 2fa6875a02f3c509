import { createRoute } from "@tanstack/react-router";
import { framed } from "../root.tsx";
import { DeviceSearch } from "./search.ts";

export const deviceRoute = createRoute({
	getParentRoute: () => framed,
	path: "/devices/$id",
	validateSearch: DeviceSearch,
	staticData: { needs: "devices:read" },
}).lazy(() => import("./page.tsx").then(({ route }) => route));
