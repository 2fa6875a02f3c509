import "@mantine/core/styles.css";
import "@mantine/notifications/styles.css";
import "./theme/global.css";
import { MantineProvider } from "@mantine/core";
import { ApiProblem } from "@netconductor/contracts/kernel/fetch-transport";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { z } from "zod";
import { createApi } from "./api/api.ts";
import { BackendProvider } from "./api/context.tsx";
import { createSession } from "./api/session.ts";
import { createSingleSignOn } from "./api/single-sign-on.ts";
import { createAppRouter } from "./router.tsx";
import { cssVariables, theme } from "./theme/tokens.ts";

// The server's policy forbids code made from text, which zod would otherwise try.
z.config({ jitless: true });

const mostRetries = 2;

const queries = new QueryClient({
	defaultOptions: {
		queries: {
			staleTime: 5_000,
			retry: (failures, error) =>
				failures < mostRetries && (error instanceof ApiProblem ? error.problem.retryable === true : true),
		},
	},
});
const session = createSession(window.sessionStorage);
const api = createApi(session);
const signOn = createSingleSignOn(api, window.sessionStorage);
const router = createAppRouter({ api, session, signOn, queries });

const place = document.getElementById("root");
if (place === null) throw new TypeError("index.html has no #root");
createRoot(place).render(
	<StrictMode>
		<MantineProvider theme={theme} cssVariablesResolver={cssVariables} defaultColorScheme="auto">
			<QueryClientProvider client={queries}>
				<BackendProvider api={api} session={session}>
					<RouterProvider router={router} />
				</BackendProvider>
			</QueryClientProvider>
		</MantineProvider>
	</StrictMode>,
);
