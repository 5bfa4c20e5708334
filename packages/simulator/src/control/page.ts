import {readFileSync} from 'node:fs';
import type {ControlReply} from './control-handler.ts';

/** The page loads no external resources, and displayed data cannot run as a script. */
const CONTENT_SECURITY_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; media-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const FILES = {
  html: {name: 'page.html', contentType: 'text/html; charset=utf-8'},
  css: {name: 'page.css', contentType: 'text/css; charset=utf-8'},
  js: {name: 'page.js', contentType: 'text/javascript; charset=utf-8'},
} as const;

/** Returns a file of the page at `/_simulator`. */
export function pageFile(kind: keyof typeof FILES): ControlReply {
  const {name, contentType} = FILES[kind];
  const text = readFileSync(new URL(`page/${name}`, import.meta.url), 'utf8');
  return {
    status: 200,
    file: {text, contentType, headers: {'Content-Security-Policy': CONTENT_SECURITY_POLICY}},
  };
}

/**
 * Whether the client is a browser: browsers accept HTML explicitly. Programs that accept anything get JSON.
 */
export function wantsPage(accept: string): boolean {
  return accept.split(',').some((type) => type.split(';', 1)[0]?.trim().toLowerCase() === 'text/html');
}
