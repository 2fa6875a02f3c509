import { createRoute } from "@tanstack/react-router";
import { framed } from "../root.tsx";

export const deviceImportRoute = createRoute({
	getParentRoute: () => framed,
	path: "/devices/import",
	staticData: { needs: "devices:write" },
}).lazy(() => import("./page.tsx").then(({ route }) => route));
