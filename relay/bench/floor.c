/* A floor for the screen's time: one fixed-shape pass over eight leads of ten seconds at 500 Hz.

   Spatial velocity, 30-ms smoothing, threshold from 2-s maxima, alignment by correlation, per-sample median
   of at most sixteen beats, onset and end by a velocity threshold, PQ level, J in twelve leads, neighbouring
   pairs. It has no quality gate, no hum removal, no baseline, no mimics: it bounds what the arithmetic itself
   costs and must never be used to read an ECG. */

#include <math.h>
#include <stdint.h>
#include <string.h>

#define LEADS 8
#define PRE 120
#define POST 180
#define WIDTH (PRE + POST)
#define MOST 16
#define LONGEST 6000

static int median_of(float *v, int n, float *out)
{
    for (int i = 1; i < n; i++) {
        float x = v[i];
        int j = i;
        while (j > 0 && v[j - 1] > x) {
            v[j] = v[j - 1];
            j--;
        }
        v[j] = x;
    }
    *out = n % 2 ? v[n / 2] : 0.5f * (v[n / 2 - 1] + v[n / 2]);
    return 0;
}

/* adc: n rows of LEADS samples; j_uv: twelve levels. Returns the number of beats, or -1. */
int floor_screen(const int16_t *adc, int n, float lsb_uv, float *j_uv, int *pairs)
{
    static _Thread_local float uv[LONGEST][LEADS], speed[LONGEST], smooth[LONGEST], mean[WIDTH][LEADS];
    static _Thread_local float pulse[WIDTH];
    int beats[64], n_beats = 0, last = -1000;
    if (n < 1000 || n > LONGEST)
        return -1;
    for (int i = 0; i < n; i++)
        for (int l = 0; l < LEADS; l++)
            uv[i][l] = adc[i * LEADS + l] * lsb_uv;
    memset(speed, 0, sizeof speed);
    for (int i = 2; i < n - 2; i++) {
        float sum = 0.0f;
        for (int l = 0; l < LEADS; l++) {
            float d = uv[i + 2][l] - uv[i - 2][l];
            sum += d * d;
        }
        speed[i] = sqrtf(sum);
    }
    float run = 0.0f;
    for (int i = 0; i < n; i++) {
        run += speed[i];
        if (i >= 15)
            run -= speed[i - 15];
        smooth[i >= 7 ? i - 7 : 0] = run / 15.0f;
    }
    for (int start = 0; start < n; start += 1000) {
        int end = start + 1000 < n ? start + 1000 : n;
        float top = 0.0f;
        for (int i = start; i < end; i++)
            top = smooth[i] > top ? smooth[i] : top;
        for (int i = start > 0 ? start : 1; i < end - 1; i++) {
            int peak = smooth[i] > 0.4f * top && smooth[i] >= smooth[i - 1] && smooth[i] > smooth[i + 1];
            if (peak && i - last > 125 && i >= PRE + 10 && i + POST + 10 < n && n_beats < MOST) {
                beats[n_beats++] = i;
                last = i;
            }
        }
    }
    if (n_beats < 3)
        return -1;
    for (int k = 1; k < n_beats; k++) {
        float best = -1e30f;
        int shift = 0;
        for (int s = -8; s <= 8; s++) {
            float c = 0.0f;
            for (int i = -50; i < 50; i++)
                c += smooth[beats[0] + i] * smooth[beats[k] + s + i];
            if (c > best) {
                best = c;
                shift = s;
            }
        }
        beats[k] += shift;
    }
    for (int i = 0; i < WIDTH; i++)
        for (int l = 0; l < LEADS; l++) {
            float v[MOST];
            for (int k = 0; k < n_beats; k++)
                v[k] = uv[beats[k] - PRE + i][l];
            median_of(v, n_beats, &mean[i][l]);
        }
    float top = 0.0f;
    for (int i = 2; i < WIDTH - 2; i++) {
        float sum = 0.0f;
        for (int l = 0; l < LEADS; l++) {
            float d = mean[i + 2][l] - mean[i - 2][l];
            sum += d * d;
        }
        pulse[i] = sqrtf(sum);
        top = pulse[i] > top ? pulse[i] : top;
    }
    int onset = PRE, end = PRE;
    while (onset > 20 && pulse[onset] > 0.035f * top)
        onset--;
    while (end < WIDTH - 10 && pulse[end] > 0.035f * top)
        end++;
    float level[LEADS];
    for (int l = 0; l < LEADS; l++) {
        float pq = 0.0f;
        for (int i = onset - 12; i < onset - 2; i++)
            pq += mean[i][l];
        level[l] = mean[end][l] - pq / 10.0f;
    }
    float one = level[0], two = level[1];
    float twelve[12] = {one, two, two - one, -(one + two) / 2, one - two / 2, two - one / 2,
                        level[2], level[3], level[4], level[5], level[6], level[7]};
    memcpy(j_uv, twelve, sizeof twelve);
    float limb[6] = {twelve[4], twelve[0], -twelve[3], twelve[1], twelve[5], twelve[2]};
    *pairs = 0;
    for (int i = 0; i < 5; i++) {
        *pairs += limb[i] >= 100.0f && limb[i + 1] >= 100.0f;
        float a = i == 1 || i == 2 ? 200.0f : 100.0f, b = i == 0 || i == 1 ? 200.0f : 100.0f;
        *pairs += twelve[6 + i] >= a && twelve[7 + i] >= b;
    }
    return n_beats;
}
