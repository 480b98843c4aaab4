"""The style sheet of a report: one column, quiet colours, light and dark, wide and narrow."""

STYLE = """
:root{color-scheme:light dark;--paper:#fbfaf6;--card:#f3f1ea;--ink:#1e2122;--soft:#62676a;
--rule:#dcd8cd;--accent:#0d5f60;--span:#a9cfca;--bad:#a8402c;--warn:#96690b;--hollow:#938e80}
@media (prefers-color-scheme:dark){:root{--paper:#141719;--card:#1b2022;--ink:#e5e3dc;
--soft:#9aa0a0;--rule:#2d3437;--accent:#74cbc2;--span:#285b58;--bad:#e58a74;--warn:#dcb04c;
--hollow:#6d7679}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);
font:16px/1.55 system-ui,-apple-system,"Segoe UI","Noto Sans","DejaVu Sans",sans-serif;
font-variant-numeric:tabular-nums lining-nums}
main{max-width:66rem;margin:0 auto;padding:3.5rem 1.5rem 4rem}
h1,h2,.figure{font-family:Charter,"Iowan Old Style","Palatino Linotype","Source Serif 4",
"DejaVu Serif",Georgia,serif;font-weight:600;letter-spacing:-.012em;text-wrap:balance}
h1{font-size:clamp(1.8rem,5vw,2.7rem);line-height:1.15;margin:.2rem 0 .5rem;overflow-wrap:anywhere}
h2{font-size:1.5rem;line-height:1.25;margin:3.4rem 0 .4rem}
h3{font-size:1rem;line-height:1.4;margin:2rem 0 .3rem;font-weight:650;overflow-wrap:anywhere}
p{margin:.4rem 0 1rem;max-width:44rem}
a{color:var(--accent);text-underline-offset:.2em}
.kicker{margin:0;font-size:.8rem;letter-spacing:.09em;text-transform:uppercase;color:var(--soft)}
.lede{color:var(--soft);font-size:1.06rem}
.soft{color:var(--soft)}
.hero{display:grid;grid-template-columns:auto 1fr;gap:.4rem 2rem;align-items:center;
margin:2rem 0 1.2rem;padding:1.5rem 0;border-block:1px solid var(--rule)}
.figure{font-size:clamp(3rem,10vw,4.6rem);line-height:1;color:var(--accent)}
.figure small{font-size:.45em;margin-left:.06em}
.hero p{margin:.1rem 0;max-width:34rem}
.hero .bar{width:min(22rem,100%);height:auto;display:block;margin:.35rem 0}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(9rem,1fr));gap:1rem 2rem;margin:0}
.facts dt{font-size:.8rem;color:var(--soft)}
.facts dd{margin:0;font-size:1.1rem;overflow-wrap:anywhere}
nav{display:flex;flex-wrap:wrap;gap:.3rem 1.3rem;margin-top:1.8rem;font-size:.92rem}
nav a{white-space:nowrap}
.notice{border-left:3px solid var(--warn);background:var(--card);padding:.8rem 1.1rem;
margin:1.4rem 0;max-width:none}
table{border-collapse:collapse;width:100%;font-size:.92rem;margin:.6rem 0 1rem}
caption{text-align:left;color:var(--soft);font-size:.88rem;padding-bottom:.4rem}
th,td{padding:.55rem 1.3rem .55rem 0;text-align:left;vertical-align:middle;
border-bottom:1px solid var(--rule)}
thead th{font-size:.8rem;font-weight:500;color:var(--soft);vertical-align:bottom;line-height:1.3}
tbody th{font-weight:550;overflow-wrap:break-word;min-width:7rem}
.keep,.pair{white-space:nowrap}
table.scores tbody th{width:100%}
tbody th .soft{display:block;font-weight:400;font-size:.86rem;line-height:1.4;max-width:26rem}
tr.total th,tr.total td{border-top:1px solid var(--soft);font-weight:650}
td.num,th.num{text-align:right}
td:last-child,th:last-child{padding-right:0}
.pair .bar{display:block;margin-top:.1rem;max-width:100%}
.pair b{font-weight:650;margin-right:.5rem}
.pair span{color:var(--soft);white-space:nowrap;font-size:.86rem;font-weight:400}
.figures .pair b{margin:0}.figures .pair span{display:block;font-size:.8rem;line-height:1.3}
.figures th,.figures td{padding-right:.8rem;vertical-align:top}
.figures thead th{vertical-align:bottom}
.bar .track{stroke:var(--rule);stroke-width:1}
.bar .tick{stroke:var(--hollow);stroke-width:1}
.bar .span{fill:var(--span)}
.bar .dot{fill:var(--accent);stroke:var(--paper);stroke-width:1.5}
.strip{display:block;overflow:visible}
.strip rect,.key rect{stroke-width:1}
.strip .success,.key .success{fill:var(--accent);stroke:var(--accent)}
.strip .failure,.key .failure{fill:none;stroke:var(--hollow)}
.strip .uncounted,.key .uncounted{fill:none;stroke:var(--warn);stroke-dasharray:2 1}
.strip .invalid,.key .invalid{fill:var(--warn);stroke:var(--warn)}
.strip .missing,.key .missing{fill:none;stroke:var(--hollow);stroke-dasharray:1 2}
.key{display:flex;flex-wrap:wrap;gap:.2rem 1.3rem;font-size:.86rem;color:var(--soft);margin:0}
.key svg{margin-right:.4rem;overflow:visible}
details{margin:.2rem 0 1.4rem}
summary{cursor:pointer;color:var(--accent);font-size:.92rem;width:max-content;max-width:100%}
:focus-visible{outline:2px solid var(--accent);outline-offset:3px;border-radius:2px}
.scroll{overflow-x:auto}
.films{display:grid;grid-template-columns:repeat(auto-fill,minmax(13rem,1fr));gap:1.6rem 1.4rem;
margin:.7rem 0 2rem}
figure{margin:0}
figure img{display:block;width:100%;aspect-ratio:1;object-fit:contain;background:var(--card);
border-radius:4px;image-rendering:auto}
.board{list-style:none;margin:.4rem 0 2rem;padding:0;display:grid;gap:.9rem .6rem;
grid-template-columns:repeat(auto-fill,minmax(7.4rem,1fr))}
.board img{display:block;width:100%;border-radius:4px;background:var(--card)}
.board span{display:block;font-size:.76rem;line-height:1.35;margin-top:.25rem;color:var(--soft);
overflow-wrap:anywhere}
.blank{display:grid;place-items:center;aspect-ratio:1;background:var(--card);border-radius:4px;
color:var(--soft);font-size:.86rem;padding:1rem;text-align:center;overflow-wrap:anywhere}
figcaption{font-size:.88rem;line-height:1.45;margin-top:.5rem}
figcaption strong{display:block;font-weight:650;overflow-wrap:anywhere}
figcaption q{display:block;margin-bottom:.15rem;quotes:"\\201c" "\\201d"}
.mark{font-weight:600}
.mark.success{color:var(--accent)}.mark.failure{color:var(--soft)}.mark.invalid{color:var(--warn)}
code,pre,.hash{font-family:ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace;
font-size:.86em}
pre{background:var(--card);border-radius:4px;padding:.9rem 1.1rem;overflow-x:auto;
margin:.5rem 0 1rem}
.hash{overflow-wrap:anywhere}
dl.record{display:grid;grid-template-columns:minmax(9rem,max-content) 1fr;gap:.35rem 1.6rem;
margin:.6rem 0 1.2rem;font-size:.92rem}
dl.record dt{color:var(--soft)}dl.record dd{margin:0;overflow-wrap:anywhere}
footer{margin-top:4rem;padding-top:1.2rem;border-top:1px solid var(--rule);font-size:.88rem;
color:var(--soft)}
footer p{max-width:48rem;margin:.3rem 0 .7rem}
@media (max-width:46rem){main{padding:2rem 1.1rem 3rem}
.hero{grid-template-columns:1fr;gap:.8rem}
table.stack thead{position:absolute;clip-path:inset(50%);width:1px;height:1px;overflow:hidden}
table.stack,table.stack tbody{display:block}
table.stack tr{display:block;padding:.9rem 0;border-bottom:1px solid var(--rule)}
table.stack th,table.stack td{display:block;border:0;padding:.12rem 0;text-align:left}
table.stack td[data-label]{display:grid;grid-template-columns:7.2rem 1fr;align-items:center}
table.stack td[data-label]::before{content:attr(data-label);color:var(--soft);font-size:.84rem}
table.stack td:empty{display:none}
dl.record{grid-template-columns:1fr;gap:0}dl.record dd{margin-bottom:.6rem}}
@media print{main{padding:0;max-width:none}nav{display:none}}
"""
