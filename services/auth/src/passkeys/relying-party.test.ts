import { expect, test } from "vitest";
import { relyingPartyAt } from "./relying-party.ts";

test("passkeys are for the domain of the public address, and for pages of its origin only", () => {
	expect(relyingPartyAt("https://net.example.org/")).toEqual({
		id: "net.example.org",
		origin: "https://net.example.org",
	});
	expect(relyingPartyAt("https://net.example.org:8443/console?x#y")).toEqual({
		id: "net.example.org",
		origin: "https://net.example.org:8443",
	});
	expect(relyingPartyAt("http://localhost:8000")).toEqual({ id: "localhost", origin: "http://localhost:8000" });
	expect(relyingPartyAt("http://nc.localhost:8000")).toMatchObject({ id: "nc.localhost" });
});

test.each([
	undefined,
	"",
	"net.example.org",
	"http://net.example.org",
	"http://127.0.0.1:8000",
	"https://192.0.2.7",
	"https://[2001:db8::7]:8443",
	"https://3221225991",
	"http://localhost.example.org",
	"file:///etc",
])("at %s there are none: it is no domain, or no secure context", (url) => {
	expect(relyingPartyAt(url)).toBeUndefined();
});
