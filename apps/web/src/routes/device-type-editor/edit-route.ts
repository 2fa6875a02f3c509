import { createRoute } from "@tanstack/react-router";
import { framed } from "../root.tsx";
import { EditDeviceTypeSearch } from "./search.ts";

export const editDeviceTypeRoute = createRoute({
	getParentRoute: () => framed,
	path: "/device-types/$id/edit",
	validateSearch: EditDeviceTypeSearch,
	staticData: { needs: "devices:write" },
}).lazy(() => import("./edit-page.tsx").then(({ route }) => route));
